package import Foundation
import TallyGroup
import TallyModel

/// Tries other policies on a group's recorded history; changes nothing, whether the group runs or not.
package struct PolicyTrial {
    private let archive: GroupArchive

    /// - Parameter group: The group's name; needed only where there are several.
    package init(_ configuration: Configuration, group: String?) throws(ControlError) {
        let archives = try ConflictDesk(configuration: configuration).archives(group)
        guard archives.count == 1 else {
            let names = archives.map(\.settings.name).joined(separator: ", ")
            throw ControlError(.invalid, "there are groups \(names); say with --group whose history to run again")
        }
        archive = archives[0]
    }

    /// - Parameter path: The file with the policies, as ``PolicyFile`` reads it.
    /// - Throws: ``ConfigurationProblems`` for what is wrong with the file, and ``ControlError``.
    package func run(policy path: String, since: Date?) async throws -> SimulationDetail {
        let policy = try PolicyFile.load(path: path, members: archive.settings.members)
        return try await ControlError.wrapping {
            let simulation = try await archive.simulate(policy.tables, since: since.map(Timestamp.init))
            return SimulationDetail(simulation, group: archive.settings.name)
        }
    }
}
