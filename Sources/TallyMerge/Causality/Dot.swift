/// The name of one transaction of one actor: all that it changed carries the same dot, one write per row.
///
/// The term is that of *dotted version vectors* (Preguiça, Baquero, Almeida, Fonte, Gonçalves, 2010).
public struct Dot: Sendable, Hashable, Comparable {
    public var actor: Actor
    /// The transactions of the actor, counted from 1.
    public var counter: UInt64

    public init(actor: Actor, counter: UInt64) {
        self.actor = actor
        self.counter = counter
    }

    public static func < (left: Dot, right: Dot) -> Bool {
        left.actor == right.actor ? left.counter < right.counter : left.actor < right.actor
    }
}
