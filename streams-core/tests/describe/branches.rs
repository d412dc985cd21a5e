//! Splits: names of branches, and the indices that are burned for them.

use crate::input;
use streams_core::{Branched, Branches, KStream, StreamsBuilder};

fn starts_with(letter: char) -> impl Fn(&String, &String) -> bool {
    move |_, value| value.starts_with(letter)
}

/// The branch, by its full name as in Java.
fn branch<'b>(branches: &'b Branches<String, String>, name: &str) -> &'b KStream<String, String> {
    branches.iter().find(|(full, _)| *full == name).unwrap_or_else(|| panic!("no branch {name} in {branches:?}")).1
}

fn split_unnamed(b: &StreamsBuilder) {
    let branches = input(b).split().branch(starts_with('a')).branch(starts_with('b')).default_branch();
    branch(&branches, "KSTREAM-BRANCH-00000000011").to("a");
    branch(&branches, "KSTREAM-BRANCH-00000000012").to("b");
    branch(&branches, "KSTREAM-BRANCH-00000000010").to("rest");
}

fn split_named(b: &StreamsBuilder) {
    let split = input(b).split_with("letters-").branch_with(starts_with('a'), "a").branch(starts_with('b'));
    let branches = split.default_branch_with("rest");
    branch(&branches, "letters-a").to("a");
    branch(&branches, "letters-2").to("b");
    branch(&branches, "letters-rest").to("rest");
}

fn split_no_default(b: &StreamsBuilder) {
    let split = input(b).split().branch_with(starts_with('a'), "-a").branch_with(starts_with('b'), "-b");
    let branches = split.no_default_branch();
    branch(&branches, "KSTREAM-BRANCH-0000000001-a").map_values(|value| value).to("a");
    branch(&branches, "KSTREAM-BRANCH-0000000001-b").map_values(|value| value).to("b");
}

fn split_default_only(b: &StreamsBuilder) {
    input(b).split().default_branch().iter().for_each(|(_, stream)| stream.to("all"));
}

fn split_with_consumer(b: &StreamsBuilder) {
    let branches = input(b)
        .split_with("s-")
        .branch_with(starts_with('a'), Branched::consumer(|stream| stream.to("a")))
        .branch_with(starts_with('b'), Branched::function(|stream| stream.map_values(|value| value)).named("mapped"))
        .default_branch_with(Branched::consumer(|stream| stream.to("rest")).named("rest"));
    branch(&branches, "s-mapped").to("b");
}

fn split_then_merge(b: &StreamsBuilder) {
    let branches = input(b).split_with("s-").branch_with(starts_with('a'), "a").default_branch_with("rest");
    branch(&branches, "s-a").map_values(|value| value).merge(branch(&branches, "s-rest")).to("output");
}

golden!(split_unnamed, split_named, split_no_default, split_default_only, split_with_consumer, split_then_merge);
