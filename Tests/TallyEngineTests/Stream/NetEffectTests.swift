import TallyEngine
import TallyModel
import TallyTesting
import Testing

struct NetEffectTests {
    /// Rows by key, and what changes make of them.
    private struct Model: Equatable {
        var rows: [Row: Row] = [:]

        mutating func apply(_ slice: Slice) {
            for change in slice.changes {
                let schema = slice.tables[change.table]
                let key = change.row.values.isEmpty ? Row([]) : change.row.picking(schema.key)
                switch change.operation {
                case .truncate: rows = [:]
                case .delete: rows[key] = nil
                case .insert, .update:
                    let base = change.formerKey.flatMap { rows.removeValue(forKey: $0) } ?? rows[key]
                    rows[key] = base?.overlaid(by: change.row) ?? change.row
                }
            }
        }
    }

    /// A history that a table could really have: inserts of new keys, updates and deletes of those that are there.
    private func changes(_ dice: inout SplitMix64, from model: Model, count: Int) -> [Change] {
        var present = Set(model.rows.keys)
        return (0..<count).map { _ in
            let id = Int64(dice.below(4))
            let key = Samples.key(id)
            let free = (0..<8).map(Samples.key).filter { !present.contains($0) }
            if dice.chance(3) {
                present = []
                return Change(.truncate, table: 0, row: Row([]))
            }
            if present.contains(key) {
                switch dice.below(4) {
                case 0:
                    present.remove(key)
                    return Samples.delete(id)
                case 1 where !free.isEmpty:
                    let other = free[dice.below(free.count)]
                    guard case .integer(let newID)? = other[0] else { return Samples.delete(id) }
                    present.remove(key)
                    present.insert(other)
                    // A source may not say a large value that a move of its row left alone.
                    let a: Int64? = dice.chance(70) ? Int64(dice.below(9)) : nil
                    return Samples.update(newID, a, Int64(dice.below(9)), from: id)
                default:
                    let a: Int64? = dice.chance(50) ? Int64(dice.below(9)) : nil
                    return Samples.update(id, a, dice.chance(50) ? Int64(dice.below(9)) : nil)
                }
            }
            present.insert(key)
            return Samples.insert(id, Int64(dice.below(9)), Int64(dice.below(9)))
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func foldingChangesNothingOfWhatASliceDoes(block: UInt64) {
        for seed in block * 1000..<block * 1000 + 200 {
            var dice = SplitMix64(seed: seed)
            var start = Model()
            start.apply(Samples.slice((0..<Int64(dice.below(4))).map { Samples.insert($0, 1) }))
            let slice = Samples.slice(changes(&dice, from: start, count: 1 + dice.below(30)))
            var (plain, folded) = (start, start)
            plain.apply(slice)
            let net = NetEffect.fold(slice, permits: [true])
            folded.apply(net)
            #expect(plain == folded, "seed \(seed)")
            #expect(net.changes.count <= slice.changes.count + slice.changes.count(where: { $0.formerKey != nil }))
        }
    }

    @Test func theDeleteOfARowThatCameInTheSliceStays() {
        // The insert may have replaced a row that was there, which only the target knows.
        let slice = Samples.slice([Samples.insert(1, 1), Samples.update(1, 2), Samples.delete(1)])
        #expect(NetEffect.fold(slice, permits: [true]).changes == [Samples.insert(1, 2), Samples.delete(1)])
    }

    @Test func manyUpdatesOfARowBecomeOne() {
        let slice = Samples.slice([Samples.update(1, 1), Samples.update(1, nil, 2), Samples.update(1, 3)])
        #expect(NetEffect.fold(slice, permits: [true]).changes == [Samples.update(1, 3, 2)])
    }

    @Test func aTableThatDoesNotPermitItIsLeftAsItIs() {
        let slice = Samples.slice([Samples.update(1, 1), Samples.update(1, 2)])
        #expect(NetEffect.fold(slice, permits: [false]).changes == slice.changes)
    }

    @Test func whatCameBeforeATruncateStaysBeforeIt() {
        let truncate = Change(.truncate, table: 0, row: Row([]))
        let slice = Samples.slice([Samples.insert(1, 1), Samples.update(1, 2), truncate, Samples.insert(1, 3)])
        let folded = NetEffect.fold(slice, permits: [true]).changes
        #expect(folded == [Samples.insert(1, 2), truncate, Samples.insert(1, 3)])
    }

    @Test func rowsWithNullInTheirKeyAreNotTakenForOne() {
        let changes = (1...40 as ClosedRange<Int64>).map {
            Change(.insert, table: 0, row: Row([.null, .integer($0), .integer(0)]))
        }
        let repeated = (1...40 as ClosedRange<Int64>).map { Samples.update(1, $0) }
        let folded = NetEffect.fold(Samples.slice(changes + repeated), permits: [true])
        #expect(folded.changes.prefix(40) == changes[...])
        #expect(folded.changes.count == 41)
    }
}
