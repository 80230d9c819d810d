//! Placeholder.

use crate::{
    reading::About,
    summary::{Finding, Summary},
};

/// What stands out.
pub fn findings(_summary: &Summary, _about: &About) -> Vec<Finding> {
    Vec::new()
}
