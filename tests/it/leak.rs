//! Nothing is learnt from a row outside train.

use waystation_tests::{DAYS, LINE, Project, day, rows};

/// Settings under which all that can be learnt is learnt.
const LEARNS: &str = r#"{
    "label": {"column": "late", "as": "classes"},
    "key": ["id"],
    "time": "date",
    "features": [
        {"columns": ["amount"], "transforms": [{"impute": {"strategy": "median"}}, "standard_scale"]},
        {"columns": ["colour"], "transforms": ["target_encode"]},
        {"columns": ["size"], "transforms": ["one_hot"]},
        {"columns": ["shop"], "transforms": ["ordinal"]},
        {"columns": ["price"], "transforms": [{"quantile_bins": {"n_bins": 4}}]},
        {"columns": ["rate"], "transforms": ["robust_scale"]},
        {"columns": ["age"], "transforms": ["min_max_scale"]}
    ]
}"#;

const FIELDS: &str = r#"{"fields": [
    {"name": "id", "type": "integer"},
    {"name": "date", "type": "date"},
    {"name": "colour", "type": "string"},
    {"name": "amount", "type": "number"},
    {"name": "late", "type": "integer"},
    {"name": "size", "type": "string"},
    {"name": "shop", "type": "string"},
    {"name": "price", "type": "number"},
    {"name": "rate", "type": "number"},
    {"name": "age", "type": "number"}
], "missingValues": ["", "NA"]}"#;

/// A day's rows with more columns, all of them made of two numbers of the row and a word.
fn wide(number: u32, seed: u64, word: &str) -> String {
    let mut text = "id,date,colour,amount,late,size,shop,price,rate,age\n".to_owned();
    for (index, row) in rows(number, 150, seed).lines().skip(1).enumerate() {
        let spread = (index * index * 7 + number as usize * 13) % 101;
        let more = format!(
            "{word}{},{word}{},{spread},{}.5,{}",
            index % 3,
            index % 5,
            spread % 17,
            spread + seed as usize * 1000
        );
        text += &format!("{row},{more}\n");
    }
    text
}

fn featurize(project: &Project) -> String {
    for stage in &LINE[..3] {
        project.stage(stage).expect(0);
    }
    project.read("features/_transform.json")
}

#[test]
fn changing_every_row_outside_train_leaves_what_is_learnt_as_it_was() {
    let project = Project::empty();
    project.write("config/validate.json", FIELDS);
    project.write("config/featurize.json", LEARNS);
    for number in 1..=DAYS {
        project.write(&format!("raw/{}", day(number)), &wide(number, 1, "s"));
    }
    let before = featurize(&project);
    // Days 5 and 6 are validation and test.
    for number in 5..=DAYS {
        project.write(&format!("raw/{}", day(number)), &wide(number, 2, "t"));
    }
    assert_eq!(featurize(&project), before);
    // What is learnt does depend on train.
    project.write(&format!("raw/{}", day(4)), &wide(4, 2, "t"));
    assert_ne!(featurize(&project), before);
}
