package import TallyModel

extension StoreError {
    /// The same for somebody who has a group and no flow: what a store has to say of a member.
    package func inGroup(_ name: String) -> StoreError {
        guard remedy != nil else { return self }
        let remedy =
            code.endsHistory
            ? "the member joins again by itself"
            : "`tally remove \(name)` takes Tally out of every member and leaves the data, and the next `tally run` compares "
                + "the members anew"
        return StoreError(code, "\(fact); \(remedy)", table: table, cause: cause)
    }
}
