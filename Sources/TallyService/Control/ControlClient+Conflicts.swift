import Foundation
import NIOHTTP1

extension ControlClient {
    package func conflicts(_ selection: ConflictSelection) async throws(ControlError) -> [ConflictDetail] {
        let query = Self.query([
            ("group", selection.group), ("table", selection.table), ("member", selection.member),
            ("state", selection.state), ("since", selection.since.map(ControlCoding.text)),
        ])
        return try await send(.GET, "/conflicts\(query)", as: ConflictList.self).conflicts
    }

    package func conflict(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail {
        try await send(.GET, "/conflicts/\(id)\(Self.query([("group", group)]))", as: ConflictDetail.self)
    }

    package func resolve(
        id: Int64,
        group: String?,
        _ resolution: ConflictResolution
    ) async throws(ControlError) -> ConflictDetail {
        let path = "/conflicts/\(id)/resolve\(Self.query([("group", group)]))"
        return try await send(.POST, path, resolution, as: ConflictDetail.self)
    }

    package func undo(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail {
        try await send(.POST, "/conflicts/\(id)/undo\(Self.query([("group", group)]))", as: ConflictDetail.self)
    }

    package func history(table: String, key: String, group: String?) async throws(ControlError) -> HistoryDetail {
        let query = Self.query([("table", table), ("key", key), ("group", group)])
        return try await send(.GET, "/history\(query)", as: HistoryDetail.self)
    }

    private static func query(_ parameters: [(name: String, value: String?)]) -> String {
        let given = parameters.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }
        return given.isEmpty ? "" : "?" + given.joined(separator: "&")
    }
}
