//! `featurize` from the outside: tables in, features out; and queues in, queues out.

#[cfg(test)]
mod auto;
#[cfg(test)]
mod leak;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod scikit_learn;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transforms;
