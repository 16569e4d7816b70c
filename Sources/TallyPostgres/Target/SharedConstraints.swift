import TallyModel

extension TableWriter {
    /// Whether the source's table has a unique or exclusion constraint of the target's as well.
    func sharesConstraint(_ name: String, in target: TargetConnection) throws -> Bool { false }
}
