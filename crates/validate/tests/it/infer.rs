//! Schemas from data.

use crate::support::Project;

/// The fields of a schema, one a line: name, type and whatever else is said.
fn fields(schema: &str) -> String {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let mut lines = Vec::new();
    for field in schema["fields"].as_array().unwrap() {
        let mut line = format!(
            "{}: {}",
            field["name"].as_str().unwrap(),
            field["type"].as_str().unwrap()
        );
        for (key, value) in field.as_object().unwrap() {
            if key != "name" && key != "type" {
                line.push_str(&format!(" {key}={value}"));
            }
        }
        lines.push(line);
    }
    for (key, value) in schema.as_object().unwrap() {
        if key != "fields" {
            lines.push(format!("{key}={value}"));
        }
    }
    lines.join("\n")
}

#[track_caller]
fn check(name: &str, content: impl AsRef<[u8]>, expected: &str) {
    let project = Project::with(name, content);
    let schema = project.infer();
    assert_eq!(fields(&schema), expected);
    // What is inferred holds for what it was inferred from.
    project
        .validate(&schema.replacen('{', r#"{"name": "inferred","#, 1))
        .check(0);
    assert!(
        !project.path("validated/_rejected").exists(),
        "{}",
        project.output("_rejected/a.jsonl")
    );
}

#[test]
fn types_are_the_plainest_that_fit() {
    check(
        "a.csv",
        "i,n,s,code,b,yn,z,big\n1,1,a,007,true,Yes,0,1\n2,2.5,b,010,FALSE,No,1,123456789012345678901\n",
        "i: integer\nn: number\ns: string\ncode: string\nb: boolean\n\
         yn: boolean falseValues=[\"No\"] trueValues=[\"Yes\"]\nz: integer\nbig: string",
    );
}

#[test]
fn dates_and_times_are_known_by_what_they_can_only_be() {
    check(
        "a.csv",
        "d,dt,z,t,us,eu,either\n\
         2014-01-31,2014-01-31 10:00:00,2014-01-31T10:00:00.5Z,10:00:00,3/14/2025 1:20,14.03.2025,01/02/2025\n\
         2014-02-01,2014-02-01 10:00,2014-02-01T10:00:00+02:00,23:59:59,12/1/2025 23:20,01.12.2025,03/04/2025\n",
        "d: date\ndt: datetime\nz: datetime waystation={\"zone\":\"utc\"}\nt: time\n\
         us: datetime format=\"%m/%d/%Y %H:%M\"\neu: date format=\"%d.%m.%Y\"\neither: string",
    );
}

#[test]
fn texts_for_missing_values_are_listed_when_they_occur() {
    check(
        "a.csv",
        "a,b\n1,NA\n?,2.5\n,3\n",
        "a: integer\nb: number\nmissingValues=[\"\",\"NA\",\"?\"]",
    );
    check("a.csv", "a,b\n1,\n2,\n", "a: integer\nb: any");
}

#[test]
fn a_file_without_a_header_is_told_by_its_types() {
    check(
        "a.csv",
        "39, State-gov, 77516, <=50K\n50, ?, 83311, >50K\n",
        "column_1: integer\ncolumn_2: string\ncolumn_3: integer\ncolumn_4: string\nmissingValues=[\"?\"]\n\
         waystation={\"read\":{\"header\":false,\"trim\":true}}",
    );
}

#[test]
fn amounts_with_groups_and_units_are_numbers() {
    check(
        "a.csv",
        "a,b,c\n\"1,234\",£512,95%\n567,\"£23,705.50\",5%\n",
        "a: integer groupChar=\",\"\nb: number bareNumber=false groupChar=\",\"\nc: integer bareNumber=false groupChar=\",\"",
    );
}

#[test]
fn json_keeps_the_types_of_its_writer() {
    check(
        "a.jsonl",
        "{\"i\": 1, \"s\": \"1\", \"b\": true, \"t\": \"2015-09-12T00:46:58.771Z\", \"m\": null}\n{\"i\": 2, \"n\": 0.5, \"o\": {\"a\": 1}, \"s\": \"NA\"}\n",
        "i: integer\ns: string\nb: boolean\nt: datetime waystation={\"zone\":\"utc\"}\nm: any\nn: number\no: string",
    );
}

#[test]
fn titles_above_the_table_and_old_encodings_are_seen() {
    check(
        "a.csv",
        b"Report of \xa3,,\nname,amount,n\na,\xa35,1\nb,\xa36,2\n",
        "name: string\namount: integer bareNumber=false groupChar=\",\"\nn: integer\n\
         waystation={\"read\":{\"encoding\":\"windows-1252\",\"skip_lines\":1}}",
    );
}

#[test]
fn files_are_merged_by_the_names_of_their_columns() {
    let project = Project::with("a.csv", "id,x\n1,1\n").file("b.csv", "x,id,y\n0.5,2,z\n");
    assert_eq!(
        fields(&project.infer()),
        "id: integer\nx: number\ny: string\nfieldsMatch=\"superset\""
    );
}

#[test]
fn a_schema_is_printed_for_people() {
    let project = Project::with("a.csv", "id,day\n1,31/01/2014\n");
    insta::assert_snapshot!(project.infer(), @r#"
    {
      "fields": [
        {
          "name": "id",
          "type": "integer"
        },
        {
          "name": "day",
          "type": "date",
          "format": "%d/%m/%Y"
        }
      ]
    }
    "#);
    let run = project.run(&["--infer", "rwa"]).check(66);
    insta::assert_snapshot!(run.told("validate: "), @"validate: `rwa` is not there");
}
