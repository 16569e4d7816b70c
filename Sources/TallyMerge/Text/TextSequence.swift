/// Prose as a sequence of units, each of which knows who inserted it, between which two others, and who deleted it.
///
/// Units are placed as in FugueMax (Weidner, Kleppmann, *The Art of the Fugue*, 2023), in the form of a list as in YjsMod
/// (Gentle, *reference-crdts*): runs that were typed at one place without knowing of each other stand side by side
/// and are never mixed. Since edits are always replayed in canonical order, nothing rests on the ids of units.
struct TextSequence {
    private struct Item {
        var unit: TextUnit
        /// The number of the edit; nil for what was there at first.
        var writer: Int?
        /// The neighbours in the sequence that its writer saw: nil for the beginning, and for the end.
        var left: Int?
        var right: Int?
        var deleters: [Int] = []
    }

    /// By their ids, from 0.
    private var items: [Item]
    /// Ids in the order of the text.
    private var order: [Int]
    /// Where each id stands in ``order``.
    private var places: [Int]

    init(_ units: [TextUnit]) {
        items = units.map { Item(unit: $0) }
        order = Array(items.indices)
        places = order
    }

    /// What nobody has deleted.
    var units: [TextUnit] {
        order.lazy.map { items[$0] }.filter(\.deleters.isEmpty).map(\.unit)
    }

    /// Replays one edit.
    ///
    /// - Parameters:
    ///   - writer: The number of the edit; edits come in canonical order.
    ///   - before: What its author saw. Where it is not what `seen` tells, the two are aligned.
    ///   - seen: By the numbers of earlier edits, whether the author had seen them.
    mutating func apply(writer: Int, from before: [TextUnit], to after: [TextUnit], seen: [Bool]) {
        let ids = aligned(before, seen: seen)
        var left: Int?
        var position = 0
        for hunk in Difference(from: before, to: after).joiningRewrites().hunks {
            left = ids[position..<hunk.old.lowerBound].last { $0 != nil } ?? left
            position = hunk.old.upperBound
            let inserted = insert(after[hunk.new], by: writer, after: left, seen: seen)
            for case let id? in ids[hunk.old] { items[id].deleters.append(writer) }
            left = ids[hunk.old].last { $0 != nil } ?? inserted ?? left
        }
    }

    /// The ids of what the author saw, unit by unit; nil for one that is not there.
    private func aligned(_ before: [TextUnit], seen: [Bool]) -> [Int?] {
        let visible = order.filter { id in
            items[id].writer.map { seen[$0] } ?? true && !items[id].deleters.contains { seen[$0] }
        }
        var ids: [Int?] = Array(repeating: nil, count: before.count)
        let difference = Difference(from: visible.map { items[$0].unit }, to: before)
        for match in difference.matches(oldCount: visible.count) { ids[match.new] = visible[match.old] }
        return ids
    }

    /// - Returns: The id of the last unit of the run.
    private mutating func insert(_ run: ArraySlice<TextUnit>, by writer: Int, after left: Int?, seen: [Bool]) -> Int? {
        guard !run.isEmpty else { return nil }
        let start = left.map { places[$0] + 1 } ?? 0
        // The next unit that the author knew of, deleted or not.
        let right = order[start...].first { id in items[id].writer.map { $0 == writer || seen[$0] } ?? true }
        let place = place(between: left, and: right)
        let ids = items.count..<items.count + run.count
        for (id, unit) in zip(ids, run) {
            items.append(Item(unit: unit, writer: writer, left: id == ids.lowerBound ? left : id - 1, right: right))
        }
        order.insert(contentsOf: ids, at: place)
        places += ids
        for index in place..<order.count { places[order[index]] = index }
        return ids.last
    }

    /// Where a run between two neighbours goes, among what others have put there without its author knowing.
    private func place(between left: Int?, and right: Int?) -> Int {
        let (leftPlace, rightPlace) = (leftPlace(left), rightPlace(right))
        var place = leftPlace + 1
        var isScanning = false
        for index in leftPlace + 1..<rightPlace {
            if !isScanning { place = index }
            let other = items[order[index]]
            if self.leftPlace(other.left) < leftPlace { return place }
            // Of two runs between the same neighbours, the earlier one in canonical order comes first.
            if self.leftPlace(other.left) == leftPlace { isScanning = self.rightPlace(other.right) < rightPlace }
        }
        return isScanning ? place : rightPlace
    }

    private func leftPlace(_ id: Int?) -> Int { id.map { places[$0] } ?? -1 }

    private func rightPlace(_ id: Int?) -> Int { id.map { places[$0] } ?? order.count }
}
