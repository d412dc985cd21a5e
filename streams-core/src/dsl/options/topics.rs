//! Topic lists.

use std::sync::Arc;

/// One topic, or several that are read as one stream.
#[derive(Clone, Debug)]
pub struct Topics(pub(crate) Vec<Arc<str>>);

impl From<&str> for Topics {
    fn from(topic: &str) -> Self {
        Topics(vec![topic.into()])
    }
}

impl From<String> for Topics {
    fn from(topic: String) -> Self {
        Topics(vec![topic.into()])
    }
}

impl From<&String> for Topics {
    fn from(topic: &String) -> Self {
        Topics(vec![topic.as_str().into()])
    }
}

impl<S: Into<Arc<str>>> From<Vec<S>> for Topics {
    fn from(topics: Vec<S>) -> Self {
        Topics(topics.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<Arc<str>>, const N: usize> From<[S; N]> for Topics {
    fn from(topics: [S; N]) -> Self {
        Topics(topics.into_iter().map(Into::into).collect())
    }
}
