/// The position up to which a target durably holds a source's history, kept in the target with the data.
public struct Checkpoint: Sendable, Hashable {
    /// The source's own identity, made once and kept in it.
    public var sourceID: String
    public var position: Position

    public init(sourceID: String, position: Position) {
        self.sourceID = sourceID
        self.position = position
    }
}

/// A text that the engine keeps in the target for one table of a flow: how far its load is. Opaque to the store.
public struct TableNote: Sendable, Hashable {
    /// The table's name in the source.
    public var table: TableName
    public var text: String

    public init(table: TableName, text: String) {
        self.table = table
        self.text = text
    }
}

/// A process that runs a flow, as the checkpoint row names it.
public struct Runner: Sendable, Hashable {
    /// Made anew for every start.
    public var id: String
    public var host: String
    public var processID: Int32
    /// Tells two processes with one number apart: when this one started, in clock ticks since the machine did, and
    /// which start of the machine that was. Empty where the system does not say.
    public var processStart: String

    public init(id: String, host: String, processID: Int32, processStart: String) {
        self.id = id
        self.host = host
        self.processID = processID
        self.processStart = processStart
    }
}
