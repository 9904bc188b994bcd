//! Reading LightGBM's text format, as this crate or LightGBM itself wrote it.

use crate::error::Error;
use crate::model::Model;
use crate::model::section::{Section, wrong};
use crate::model::text::{CATEGORICAL, DEFAULT_LEFT, MISSING_SHIFT};
use crate::parameters::Objective;
use crate::tree::{Answer, Missing, Node, Rule, Tree};

pub(crate) fn read(text: &str) -> Result<Model, Error> {
    let mut lines = text.lines().enumerate().peekable();
    match lines.next() {
        Some((_, "tree")) => {}
        other => {
            let found = other.map_or("", |(_, line)| line);
            return Err(wrong(1, format!("expected `tree`, found `{found}`")));
        }
    }
    let header = Section::read(&mut lines, 1);
    let mut model = read_header(&header)?;
    // A torn file must not pass for a smaller model. Version 2 had no such line.
    let mut is_whole = header.text("version")?.1 == "v2";
    while let Some((number, line)) = lines.next() {
        if line.starts_with("Tree=") {
            let section = Section::read(&mut lines, number + 1);
            model.trees.push(read_tree(&section, model.names.len())?);
        } else if line == "end of trees" {
            is_whole = true;
        } else if line == "parameters:" {
            let body = lines.by_ref().map(|(_, line)| line);
            model.parameters = body
                .take_while(|line| *line != "end of parameters")
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect();
        }
    }
    let expected = match header.has("tree_sizes") {
        true => header.list::<usize>("tree_sizes")?.len(),
        false => model.trees.len(),
    };
    if !is_whole || model.trees.len() != expected {
        let found = model.trees.len();
        let message = format!("expected `end of trees` after {expected} trees, found {found}");
        return Err(wrong(text.lines().count(), message));
    }
    if model.trees.is_empty() || model.trees.len() % model.num_class != 0 {
        let (found, step) = (model.trees.len(), model.num_class);
        let message = format!("expected trees, {step} for each round, found {found}");
        return Err(wrong(text.lines().count(), message));
    }
    Ok(model)
}

fn read_header(header: &Section<'_>) -> Result<Model, Error> {
    let (line, version) = header.text("version")?;
    if !matches!(version, "v2" | "v3" | "v4") {
        return Err(wrong(
            line,
            format!("expected version v2, v3 or v4, found `{version}`"),
        ));
    }
    if header.has("average_output") {
        return Err(wrong(
            line,
            "expected boosted trees, found an averaged forest",
        ));
    }
    let num_class: usize = header.one("num_class")?;
    let per_round: usize = header.one("num_tree_per_iteration")?;
    let (line, objective) = header.text("objective")?;
    let mut words = objective.split_ascii_whitespace();
    let objective = match (words.next(), words.next()) {
        (Some("binary"), Some("sigmoid:1") | None) => Objective::Binary,
        (Some("multiclass"), _) => Objective::Multiclass,
        (Some("regression"), None) => Objective::Regression,
        _ => {
            let message = format!(
                "expected `binary sigmoid:1`, `multiclass` or `regression`, found `{objective}`"
            );
            return Err(wrong(line, message));
        }
    };
    let fits = match objective {
        Objective::Multiclass => num_class >= 2,
        Objective::Binary | Objective::Regression => num_class == 1,
    };
    if per_round != num_class || !fits {
        let message = format!(
            "expected a tree per class and round, found {per_round} for {num_class} classes"
        );
        return Err(wrong(line, message));
    }
    let features: usize = header.one("max_feature_idx")?;
    let features = features
        .checked_add(1)
        .ok_or_else(|| wrong(line, "too many features"))?;
    Ok(Model {
        objective,
        num_class,
        names: header.many("feature_names", features)?,
        infos: header.many("feature_infos", features)?,
        trees: Vec::new(),
        parameters: Vec::new(),
    })
}

fn read_tree(section: &Section<'_>, features: usize) -> Result<Tree, Error> {
    let leaves: usize = section.one("num_leaves")?;
    let (line, _) = section.text("num_leaves")?;
    if leaves == 0 {
        return Err(wrong(line, "`num_leaves`: expected at least 1, found 0"));
    }
    if section.has("is_linear") && section.one::<u8>("is_linear")? != 0 {
        return Err(wrong(
            line,
            "expected a constant in each leaf, found a linear model",
        ));
    }
    let shrinkage = section.one("shrinkage")?;
    if leaves == 1 {
        let value: Vec<f64> = section.many("leaf_value", 1)?;
        let mut tree = Tree::constant(value[0]);
        tree.shrinkage = shrinkage;
        return Ok(tree);
    }
    Ok(Tree {
        nodes: read_nodes(section, leaves, features)?,
        leaves: read_answers(section, "leaf", leaves)?,
        shrinkage,
    })
}

fn read_answers(section: &Section<'_>, what: &str, count: usize) -> Result<Vec<Answer>, Error> {
    let values: Vec<f64> = section.many(&format!("{what}_value"), count)?;
    let optional = |name: String| match section.has(&name) {
        true => section.many(&name, count),
        false => Ok(vec![0.0; count]),
    };
    let weights: Vec<f64> = optional(format!("{what}_weight"))?;
    let counts: Vec<f64> = optional(format!("{what}_count"))?;
    let behind = weights.into_iter().zip(counts);
    let answers = values.into_iter().zip(behind);
    Ok(answers
        .map(|(value, (weight, count))| Answer {
            value,
            weight,
            count: count as u64,
        })
        .collect())
}

fn read_nodes(section: &Section<'_>, leaves: usize, features: usize) -> Result<Vec<Node>, Error> {
    let count = leaves - 1;
    let split: Vec<usize> = section.many("split_feature", count)?;
    let gains: Vec<f64> = section.many("split_gain", count)?;
    let left: Vec<i32> = section.many("left_child", count)?;
    let right: Vec<i32> = section.many("right_child", count)?;
    let answers = read_answers(section, "internal", count)?;
    let rules = read_rules(section, count)?;
    let (line, _) = section.text("left_child")?;
    // Children come after their parent, so every way down ends.
    let valid = |parent: usize, child: i32| match usize::try_from(child) {
        Ok(node) => node > parent && node < count,
        Err(_) => (!child) as usize <= count,
    };
    for node in 0..count {
        if !valid(node, left[node]) || !valid(node, right[node]) {
            return Err(wrong(
                line,
                format!("the children of node {node} are none of its tree"),
            ));
        }
        if split[node] >= features {
            return Err(wrong(
                line,
                format!("node {node} splits by a feature that is none of the model's"),
            ));
        }
    }
    let nodes = rules.into_iter().enumerate().map(|(node, rule)| Node {
        feature: split[node],
        rule,
        gain: gains[node],
        left: left[node],
        right: right[node],
        answer: answers[node],
    });
    Ok(nodes.collect())
}

fn read_rules(section: &Section<'_>, count: usize) -> Result<Vec<Rule>, Error> {
    let thresholds: Vec<f64> = section.many("threshold", count)?;
    let decisions: Vec<u8> = section.many("decision_type", count)?;
    let (line, _) = section.text("decision_type")?;
    let sets = read_sets(section)?;
    let rules = thresholds.into_iter().zip(decisions);
    rules
        .map(|(threshold, decision)| {
            if decision & CATEGORICAL != 0 {
                let bits = sets.get(threshold as usize).cloned();
                let bits =
                    bits.ok_or_else(|| wrong(line, format!("no set of categories {threshold}")))?;
                return Ok(Rule::Category { bits });
            }
            let missing = match decision >> MISSING_SHIFT {
                0 => Missing::None,
                1 => Missing::Zero,
                2 => Missing::Nan,
                _ => return Err(wrong(line, format!("unknown decision type {decision}"))),
            };
            let default_left = decision & DEFAULT_LEFT != 0;
            Ok(Rule::Number {
                threshold,
                missing,
                default_left,
            })
        })
        .collect()
}

fn read_sets(section: &Section<'_>) -> Result<Vec<Vec<u32>>, Error> {
    let count: usize = section.one("num_cat")?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let (line, _) = section.text("cat_boundaries")?;
    let boundaries: Vec<usize> = section.list("cat_boundaries")?;
    let words: Vec<u32> = section.list("cat_threshold")?;
    let sets = boundaries.windows(2).map(|cut| words.get(cut[0]..cut[1]));
    let sets: Option<Vec<Vec<u32>>> = sets.map(|set| set.map(<[u32]>::to_vec)).collect();
    match sets {
        Some(sets) if sets.len() == count => Ok(sets),
        _ => Err(wrong(
            line,
            "`cat_boundaries`: expected bounds of the sets in `cat_threshold`",
        )),
    }
}
