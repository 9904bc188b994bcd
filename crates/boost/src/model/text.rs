//! Writing LightGBM's text format, version 4.
//!
//! Numbers are written as the shortest decimal that reads back as the same double, so a model read back is the same
//! model to the last bit.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::{Importance, Model};
use crate::parameters::Objective;
use crate::tree::{Answer, Missing, Node, Rule, Tree};

/// Bits of a node's decision type.
pub(crate) const CATEGORICAL: u8 = 1;
pub(crate) const DEFAULT_LEFT: u8 = 2;
pub(crate) const MISSING_SHIFT: u8 = 2;

pub(crate) fn write(model: &Model) -> String {
    let trees: Vec<String> = model.trees.iter().enumerate().map(write_tree).collect();
    let mut text = header(model);
    let sizes = joined(trees.iter().map(String::len));
    push_line(&mut text, "tree_sizes", &sizes);
    text.push('\n');
    for tree in &trees {
        text.push_str(tree);
    }
    text.push_str("end of trees\n\nfeature_importances:\n");
    text.push_str(&importances(model));
    text.push_str("\nparameters:\n");
    for line in &model.parameters {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("\nend of parameters\n\npandas_categorical:null\n");
    text
}

fn header(model: &Model) -> String {
    let mut text = "tree\nversion=v4\n".to_owned();
    push_line(&mut text, "num_class", &model.num_class.to_string());
    push_line(
        &mut text,
        "num_tree_per_iteration",
        &model.num_class.to_string(),
    );
    push_line(&mut text, "label_index", "0");
    push_line(
        &mut text,
        "max_feature_idx",
        &(model.names.len() - 1).to_string(),
    );
    let objective = match model.objective {
        Objective::Binary => "binary sigmoid:1".to_owned(),
        Objective::Multiclass => format!("multiclass num_class:{}", model.num_class),
        Objective::Regression => "regression".to_owned(),
    };
    push_line(&mut text, "objective", &objective);
    push_line(&mut text, "feature_names", &model.names.join(" "));
    push_line(&mut text, "feature_infos", &model.infos.join(" "));
    text
}

/// How often each feature is split by, the most frequent first, ties in the order of the columns.
fn importances(model: &Model) -> String {
    let counts = model.importance(Importance::Split);
    let mut order: Vec<(&String, f64)> = model.names.iter().zip(counts).collect();
    order.retain(|(_, count)| *count > 0.0);
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut text = String::new();
    for (name, count) in order {
        push_line(&mut text, name, &(count as u64).to_string());
    }
    text
}

fn write_tree((number, tree): (usize, &Tree)) -> String {
    let mut text = String::new();
    push_line(&mut text, "Tree", &number.to_string());
    push_line(&mut text, "num_leaves", &tree.leaves.len().to_string());
    let sets = CategorySets::of(tree);
    push_line(&mut text, "num_cat", &sets.count().to_string());
    let nodes = &tree.nodes;
    push_line(
        &mut text,
        "split_feature",
        &joined(nodes.iter().map(|n| n.feature)),
    );
    push_line(
        &mut text,
        "split_gain",
        &numbers(nodes.iter().map(|n| n.gain)),
    );
    let thresholds = (0..nodes.len()).map(|node| match &nodes[node].rule {
        Rule::Number { threshold, .. } => decimal(*threshold),
        Rule::Category { .. } => sets.number_of(node).to_string(),
    });
    push_line(&mut text, "threshold", &joined(thresholds));
    push_line(
        &mut text,
        "decision_type",
        &joined(nodes.iter().map(decision_type)),
    );
    push_line(
        &mut text,
        "left_child",
        &joined(nodes.iter().map(|n| n.left)),
    );
    push_line(
        &mut text,
        "right_child",
        &joined(nodes.iter().map(|n| n.right)),
    );
    push_answers(&mut text, "leaf", &tree.leaves);
    let answers: Vec<Answer> = nodes.iter().map(|node| node.answer).collect();
    push_answers(&mut text, "internal", &answers);
    if sets.count() > 0 {
        push_line(&mut text, "cat_boundaries", &joined(sets.boundaries.iter()));
        push_line(&mut text, "cat_threshold", &joined(sets.words.iter()));
    }
    push_line(&mut text, "is_linear", "0");
    push_line(&mut text, "shrinkage", &decimal(tree.shrinkage));
    text.push_str("\n\n");
    text
}

fn push_answers(text: &mut String, what: &str, answers: &[Answer]) {
    let values = numbers(answers.iter().map(|a| a.value));
    push_line(text, &format!("{what}_value"), &values);
    let weights = numbers(answers.iter().map(|a| a.weight));
    push_line(text, &format!("{what}_weight"), &weights);
    let counts = joined(answers.iter().map(|a| a.count));
    push_line(text, &format!("{what}_count"), &counts);
}

/// The sets of categories of a tree, one after the other.
struct CategorySets {
    boundaries: Vec<usize>,
    words: Vec<u32>,
    numbers: BTreeMap<usize, usize>,
}

impl CategorySets {
    fn of(tree: &Tree) -> Self {
        let mut sets = Self {
            boundaries: vec![0],
            words: Vec::new(),
            numbers: BTreeMap::new(),
        };
        for (node, of) in tree.nodes.iter().enumerate() {
            if let Rule::Category { bits } = &of.rule {
                sets.numbers.insert(node, sets.numbers.len());
                sets.words.extend(bits);
                sets.boundaries.push(sets.words.len());
            }
        }
        sets
    }

    fn count(&self) -> usize {
        self.numbers.len()
    }

    fn number_of(&self, node: usize) -> usize {
        self.numbers.get(&node).copied().unwrap_or_default()
    }
}

fn decision_type(node: &Node) -> u8 {
    match &node.rule {
        // Older readers send a missing category left unless NaN counts as missing.
        Rule::Category { .. } => CATEGORICAL | (2 << MISSING_SHIFT),
        Rule::Number {
            missing,
            default_left,
            ..
        } => {
            let missing = match missing {
                Missing::None => 0,
                Missing::Zero => 1,
                Missing::Nan => 2,
            };
            let side = if *default_left { DEFAULT_LEFT } else { 0 };
            side | (missing << MISSING_SHIFT)
        }
    }
}

/// The shortest decimal that reads back as the same number.
pub(crate) fn decimal(value: f64) -> String {
    let text = format!("{value:?}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

fn numbers(values: impl Iterator<Item = f64>) -> String {
    joined(values.map(decimal))
}

fn joined(values: impl Iterator<Item = impl std::fmt::Display>) -> String {
    let mut text = String::new();
    for value in values {
        if !text.is_empty() {
            text.push(' ');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{value}");
    }
    text
}

fn push_line(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push('=');
    text.push_str(value);
    text.push('\n');
}
