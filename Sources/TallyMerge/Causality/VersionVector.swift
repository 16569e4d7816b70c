/// What somebody has seen: for each actor, how many of its transactions, from the first (Parker et al., 1983), and of one
/// actor some later ones with a gap before them (compare the dots of Almeida et al., "Scalable and Accurate Causality
/// Tracking for Eventually Consistent Stores", 2014): an author's own latest, where earlier ones were written over before
/// anybody had seen them.
///
/// A small sorted array, since a group has few members; zero entries are not stored, so equal vectors are equal bytes.
public struct VersionVector: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        var actor: Actor
        var counter: UInt64
    }

    /// Some transactions of one actor: those from one counter through another.
    struct Span: Sendable, Hashable {
        var actor: Actor
        var from: UInt64
        var through: UInt64
    }

    /// Ascending by actor; counters above zero.
    private(set) var storage: [Entry]
    /// What was seen beyond a gap: it begins later than right behind its actor's counter.
    private(set) var span: Span?

    /// Nothing seen.
    public init() {
        storage = []
    }

    public init(_ counters: [Actor: UInt64]) {
        storage = counters.filter { $0.value > 0 }.map { Entry(actor: $0.key, counter: $0.value) }
        storage.sort { $0.actor < $1.actor }
    }

    /// - Parameter ascending: Entries by actor, counters above zero; the caller has checked it.
    init(ascending: [Entry], span: Span? = nil) {
        storage = ascending
        if let span { insert(span) }
    }

    /// What an author has seen of a row that holds what it wrote itself last, besides what this vector says.
    ///
    /// - Parameter own: That write's stamp.
    func following(_ own: Stamp) -> VersionVector {
        var result = self
        let actor = own.dot.actor
        result[actor] = max(self[actor], own.context[actor])
        let earlier = own.context.span.flatMap { $0.actor == actor ? $0.from : nil }
        result.insert(Span(actor: actor, from: earlier ?? own.dot.counter, through: own.dot.counter))
        return result
    }

    private mutating func insert(_ new: Span) {
        let counter = self[new.actor]
        if new.through <= counter { return }
        if new.from <= counter + 1 {
            self[new.actor] = new.through
        } else {
            span = new
        }
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
        if self[dot.actor] >= dot.counter { return true }
        guard let span, span.actor == dot.actor else { return false }
        return span.from <= dot.counter && dot.counter <= span.through
    }

    /// Whether everything that `other` has seen is seen here too.
    public func covers(_ other: VersionVector) -> Bool {
        var mine = storage.startIndex
        for entry in other.storage {
            while mine < storage.endIndex, storage[mine].actor < entry.actor { mine += 1 }
            guard mine < storage.endIndex, storage[mine].actor == entry.actor, storage[mine].counter >= entry.counter
            else { return false }
        }
        guard let theirs = other.span, self[theirs.actor] < theirs.through else { return true }
        guard let span, span.actor == theirs.actor else { return false }
        return max(self[theirs.actor] + 1, theirs.from) >= span.from && span.through >= theirs.through
    }

    /// Sees what `other` has seen as well: the least vector without gaps that covers both.
    public mutating func formUnion(_ other: VersionVector) {
        for entry in other.storage where self[entry.actor] < entry.counter {
            self[entry.actor] = entry.counter
        }
        for span in [span, other.span].compactMap({ $0 }) where self[span.actor] < span.through {
            self[span.actor] = span.through
        }
        span = nil
    }

    /// Sees the dot, and with it every earlier one of its actor.
    public mutating func insert(_ dot: Dot) {
        if self[dot.actor] < dot.counter { self[dot.actor] = dot.counter }
        if let span, span.actor == dot.actor { insert(span) }
        if let span, self[span.actor] >= span.through { self.span = nil }
    }

    /// What all of the vectors have seen, up to any gap; of no vectors, nothing.
    public static func minimum(of vectors: some Sequence<VersionVector>) -> VersionVector {
        var iterator = vectors.makeIterator()
        guard var result = iterator.next() else { return VersionVector() }
        result.span = nil
        while let next = iterator.next() { result.formIntersection(next) }
        return result
    }

    mutating func formIntersection(_ other: VersionVector) {
        span = nil
        if other.covers(self) { return }
        storage = storage.compactMap { entry in
            let counter = min(entry.counter, other[entry.actor])
            return counter > 0 ? Entry(actor: entry.actor, counter: counter) : nil
        }
    }
}
