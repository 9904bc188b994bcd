//! `featurize` from the outside: tables in, features out; and queues in, queues out.

mod auto;
mod leak;
mod messages;
mod scikit_learn;
mod stage;
mod support;
mod transforms;
