//! Every way through the query graph.

use super::terms::Terms;

/// Numbers of nodes from the first term to the last.
pub(crate) type Path = Vec<usize>;

/// All paths.
pub(crate) fn all(terms: &Terms) -> Vec<Path> {
    let mut paths = Vec::new();
    extend(terms, 0, &mut Vec::new(), &mut paths);
    paths
}

fn extend(terms: &Terms, from: usize, path: &mut Path, paths: &mut Vec<Path>) {
    if from == terms.terms_count {
        paths.push(path.clone());
        return;
    }
    for (number, node) in terms.nodes.iter().enumerate().filter(|(_, node)| node.first == from) {
        path.push(number);
        extend(terms, node.last + 1, path, paths);
        path.pop();
    }
}
