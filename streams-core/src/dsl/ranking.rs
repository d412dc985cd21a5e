//! Lists of the values with the largest scores.

use crate::plan::Plan;

/// Puts a value into a list that is sorted by score, the largest first, behind those of the same score. `false`: it is not among the first `n`,
/// and the list is as it was.
pub(crate) fn rank<V, S: Ord>(list: &mut Vec<V>, value: V, n: usize, score: &impl Fn(&V) -> S) -> bool {
    let own = score(&value);
    let at = list.partition_point(|other| score(other) >= own);
    if at >= n {
        return false;
    }
    list.truncate(n - 1);
    list.insert(at, value);
    true
}

/// Tells that a list without room is of no use.
pub(crate) fn check_room(plan: &mut Plan, node: &str, n: usize) {
    if n == 0 {
        plan.error(format!("{node}: a list of the 0 largest is always empty: ask for at least one"));
    }
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn the_first_of_equal_scores_stays_ahead() {
        let mut list = Vec::new();
        let score = |value: &(i64, char)| value.0;
        let entered: Vec<bool> = [(1, 'a'), (3, 'b'), (1, 'c'), (2, 'd'), (1, 'e'), (3, 'f')]
            .into_iter()
            .map(|value| rank(&mut list, value, 3, &score))
            .collect();
        assert_eq!(entered, [true, true, true, true, false, true]);
        assert_eq!(list, [(3, 'b'), (3, 'f'), (2, 'd')]);
    }
}
