/// The name of `names` that `name` was most likely meant to be; `nil` when none is near.
///
/// Near is at most a third of the letters wrong, counted as insertions, deletions, replacements and swaps of
/// neighbours (the optimal string alignment distance), without regard to case.
package func nearestName(to name: String, in names: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased())
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in names.sorted() {
        let distance = distance(wanted, Array(candidate.lowercased()))
        if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}

private func distance(_ left: [Character], _ right: [Character]) -> Int {
    var earlier: [Int] = []
    var previous = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        for column in 0..<right.count {
            let replacement = previous[column] + (left[row] == right[column] ? 0 : 1)
            var least = min(replacement, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                least = min(least, earlier[column - 1] + 1)
            }
            current.append(least)
        }
        (earlier, previous) = (previous, current)
    }
    return previous[right.count]
}
