//! Writing LightGBM's text format, version 4.
//!
//! Numbers are written as the shortest decimal that reads back as the same double, so a model read back is the same
//! model to the last bit.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use crate::model::{Importance, Model};
use crate::parameters::Objective;
use crate::tree::{Answer, Missing, Node, Rule, Tree};

/// Bits of a node's decision type.
pub(crate) const CATEGORICAL: u8 = 1;
pub(crate) const DEFAULT_LEFT: u8 = 2;
pub(crate) const MISSING_SHIFT: u8 = 2;

pub(crate) fn write(model: &Model) -> String {
    let trees = model.trees.iter().enumerate();
    let trees: Vec<String> = trees.map(|(number, of)| tree(number, of)).collect();
    with_trees(model, &trees)
}

/// The same, of trees that were written before.
pub(crate) fn with_trees(model: &Model, trees: &[String]) -> String {
    let mut text = header(model);
    push_line(&mut text, "tree_sizes", trees.iter().map(String::len));
    text.push('\n');
    for tree in trees {
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
    push_line(&mut text, "num_class", [model.num_class]);
    push_line(&mut text, "num_tree_per_iteration", [model.num_class]);
    push_line(&mut text, "label_index", [0]);
    push_line(&mut text, "max_feature_idx", [model.names.len() - 1]);
    let objective = match model.objective {
        Objective::Binary => "binary sigmoid:1".to_owned(),
        Objective::Multiclass => format!("multiclass num_class:{}", model.num_class),
        Objective::Regression => "regression".to_owned(),
    };
    push_line(&mut text, "objective", [objective]);
    push_line(&mut text, "feature_names", &model.names);
    push_line(&mut text, "feature_infos", &model.infos);
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
        push_line(&mut text, name, [count as u64]);
    }
    text
}

/// A tree of a model, by its number in it.
pub(crate) fn tree(number: usize, tree: &Tree) -> String {
    let mut text = String::new();
    push_line(&mut text, "Tree", [number]);
    push_line(&mut text, "num_leaves", [tree.leaves.len()]);
    let sets = CategorySets::of(tree);
    push_line(&mut text, "num_cat", [sets.count()]);
    let nodes = &tree.nodes;
    push_line(&mut text, "split_feature", nodes.iter().map(|n| n.feature));
    push_decimals(&mut text, "split_gain", nodes.iter().map(|n| n.gain));
    let thresholds = nodes.iter().enumerate().map(|(node, of)| match &of.rule {
        Rule::Number { threshold, .. } => *threshold,
        Rule::Category { .. } => sets.number_of(node) as f64,
    });
    push_decimals(&mut text, "threshold", thresholds);
    push_line(&mut text, "decision_type", nodes.iter().map(decision_type));
    push_line(&mut text, "left_child", nodes.iter().map(|n| n.left));
    push_line(&mut text, "right_child", nodes.iter().map(|n| n.right));
    push_answers(&mut text, "leaf", tree.leaves.iter());
    push_answers(&mut text, "internal", nodes.iter().map(|node| &node.answer));
    if sets.count() > 0 {
        push_line(&mut text, "cat_boundaries", &sets.boundaries);
        push_line(&mut text, "cat_threshold", &sets.words);
    }
    push_line(&mut text, "is_linear", [0]);
    push_decimals(&mut text, "shrinkage", [tree.shrinkage]);
    text.push_str("\n\n");
    text
}

fn push_answers<'a>(
    text: &mut String,
    what: &str,
    answers: impl Iterator<Item = &'a Answer> + Clone,
) {
    let values = answers.clone().map(|answer| answer.value);
    push_decimals(text, &format!("{what}_value"), values);
    let weights = answers.clone().map(|answer| answer.weight);
    push_decimals(text, &format!("{what}_weight"), weights);
    let counts = answers.map(|answer| answer.count);
    push_line(text, &format!("{what}_count"), counts);
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

fn push_line(text: &mut String, name: &str, values: impl IntoIterator<Item = impl Display>) {
    push_values(text, name, values, |text, value| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{value}");
    });
}

/// Each as the shortest decimal that reads back as the same number.
fn push_decimals(text: &mut String, name: &str, values: impl IntoIterator<Item = f64>) {
    push_values(text, name, values, |text, value| {
        let _ = write!(text, "{value:?}");
        if text.ends_with(".0") {
            text.truncate(text.len() - 2);
        }
    });
}

fn push_values<T>(
    text: &mut String,
    name: &str,
    values: impl IntoIterator<Item = T>,
    push: impl Fn(&mut String, T),
) {
    text.push_str(name);
    let mut before = '=';
    for value in values {
        text.push(before);
        push(text, value);
        before = ' ';
    }
    if before == '=' {
        text.push(before);
    }
    text.push('\n');
}
