/// What somebody has seen: for each actor, how many of its transactions, from the first (Parker et al., 1983).
///
/// A small sorted array, since a group has few members; zero entries are not stored, so equal vectors are equal bytes.
public struct VersionVector: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        var actor: Actor
        var counter: UInt64
    }

    /// Ascending by actor; counters above zero.
    private(set) var storage: [Entry]

    /// Nothing seen.
    public init() {
        storage = []
    }

    public init(_ counters: [Actor: UInt64]) {
        storage = counters.filter { $0.value > 0 }.map { Entry(actor: $0.key, counter: $0.value) }
        storage.sort { $0.actor < $1.actor }
    }

    /// - Parameter ascending: Entries by actor, counters above zero; the caller has checked it.
    init(ascending: [Entry]) {
        storage = ascending
    }

    public var isEmpty: Bool { storage.isEmpty }

    /// The counters above zero, by actor.
    public var entries: [(Actor, UInt64)] { storage.map { ($0.actor, $0.counter) } }

    public subscript(actor: Actor) -> UInt64 {
        get {
            for entry in storage where entry.actor >= actor {
                return entry.actor == actor ? entry.counter : 0
            }
            return 0
        }
        set {
            let place = storage.firstIndex { $0.actor >= actor } ?? storage.endIndex
            let isPresent = place < storage.endIndex && storage[place].actor == actor
            switch (isPresent, newValue > 0) {
            case (true, true): storage[place].counter = newValue
            case (true, false): storage.remove(at: place)
            case (false, true): storage.insert(Entry(actor: actor, counter: newValue), at: place)
            case (false, false): break
            }
        }
    }

    public func includes(_ dot: Dot) -> Bool {
        self[dot.actor] >= dot.counter
    }

    /// Whether everything that `other` has seen is seen here too.
    public func covers(_ other: VersionVector) -> Bool {
        var mine = storage.startIndex
        for entry in other.storage {
            while mine < storage.endIndex, storage[mine].actor < entry.actor { mine += 1 }
            guard mine < storage.endIndex, storage[mine].actor == entry.actor, storage[mine].counter >= entry.counter
            else { return false }
        }
        return true
    }

    /// Sees what `other` has seen as well: the least vector that covers both.
    public mutating func formUnion(_ other: VersionVector) {
        if other.storage.isEmpty { return }
        if storage.isEmpty { return self = other }
        for entry in other.storage where self[entry.actor] < entry.counter {
            self[entry.actor] = entry.counter
        }
    }

    /// Sees the dot, and with it every earlier one of its actor.
    public mutating func insert(_ dot: Dot) {
        if self[dot.actor] < dot.counter { self[dot.actor] = dot.counter }
    }

    /// What all of the vectors have seen; of no vectors, nothing.
    public static func minimum(of vectors: some Sequence<VersionVector>) -> VersionVector {
        var iterator = vectors.makeIterator()
        guard var result = iterator.next() else { return VersionVector() }
        while let next = iterator.next() { result.formIntersection(next) }
        return result
    }

    mutating func formIntersection(_ other: VersionVector) {
        if other.covers(self) { return }
        storage = storage.compactMap { entry in
            let counter = min(entry.counter, other[entry.actor])
            return counter > 0 ? Entry(actor: entry.actor, counter: counter) : nil
        }
    }
}
