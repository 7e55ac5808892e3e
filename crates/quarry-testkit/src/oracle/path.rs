//! Every way through the query graph.

use super::terms::{Node, Terms};

/// Numbers of nodes from the first term to the last.
pub(crate) type Path = Vec<usize>;

/// All paths when the nodes for which `is_gone` holds are taken out, and jumped over.
pub(crate) fn all(terms: &Terms, is_gone: &dyn Fn(&Node) -> bool) -> Vec<Path> {
    let left: Vec<usize> = (0..terms.nodes.len()).filter(|&node| !is_gone(&terms.nodes[node])).collect();
    let mut paths = Vec::new();
    extend(terms, &left, 0, &mut Vec::new(), &mut paths);
    paths
}

fn extend(terms: &Terms, left: &[usize], from: usize, path: &mut Path, paths: &mut Vec<Path>) {
    let starts = left.iter().map(|&node| terms.nodes[node].first).filter(|&first| first >= from);
    let Some(next) = starts.min() else {
        paths.push(path.clone());
        return;
    };
    for &node in left.iter().filter(|&&node| terms.nodes[node].first == next) {
        path.push(node);
        extend(terms, left, terms.nodes[node].last + 1, path, paths);
        path.pop();
    }
}
