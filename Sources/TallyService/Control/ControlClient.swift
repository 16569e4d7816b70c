import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
package import TallyEngine
package import TallyGroup

/// A node that runs in another process, through its socket.
package struct ControlClient: ControlledNode {
    private let socket: ControlSocket
    /// The socket and the rest of each URL's beginning.
    private let base: String

    /// One for the process, so that nobody has to shut it down. A node that is gone is gone: no second attempt.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    package init(_ socket: ControlSocket) throws(ControlError) {
        self.socket = socket
        let address = try socket.address()
        base = "http+unix://\(Self.escaped(address))/v1"
    }

    package func statuses() async throws(ControlError) -> [FlowStatus] {
        try await send(.GET, "/status", as: StatusList.self, within: .seconds(10)).flows
    }

    package func groupStatuses() async throws(ControlError) -> [GroupStatus] {
        try await send(.GET, "/status", as: StatusList.self, within: .seconds(10)).groups
    }

    package func pause(flow: String, table: String?) async throws(ControlError) {
        try await act("pause", flow, table)
    }

    package func resume(flow: String, table: String?) async throws(ControlError) {
        try await act("resume", flow, table)
    }

    package func resync(flow: String, table: String?) async throws(ControlError) {
        try await act("resync", flow, table)
    }

    package func remove(flow: String) async throws(ControlError) {
        _ = try await send(.DELETE, "/flows/\(Self.escaped(flow))", as: Done.self)
    }

    package func remove(group: String) async throws(ControlError) {
        _ = try await send(.DELETE, "/groups/\(Self.escaped(group))", as: Done.self)
    }

    package func deadLetters(flow: String?) async throws(ControlError) -> [DeadLetterSummary] {
        let query = flow.map { "?flow=\(Self.escaped($0))" } ?? ""
        return try await send(.GET, "/dead-letters\(query)", as: DeadLetterList.self).deadLetters
    }

    package func deadLetter(id: Int64) async throws(ControlError) -> DeadLetterDetail {
        try await send(.GET, "/dead-letters/\(id)", as: DeadLetterDetail.self)
    }

    package func retry(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult {
        let selection = LetterSelection(ids: ids, flow: flow)
        return try await send(.POST, "/dead-letters/retry", selection, as: LetterResult.self)
    }

    package func discard(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult {
        let selection = LetterSelection(ids: ids, flow: flow)
        return try await send(.POST, "/dead-letters/discard", selection, as: LetterResult.self)
    }

    // MARK: Requests

    private func act(_ action: String, _ flow: String, _ table: String?) async throws(ControlError) {
        let query = table.map { "?table=\(Self.escaped($0))" } ?? ""
        _ = try await send(.POST, "/flows/\(Self.escaped(flow))/\(action)\(query)", as: Done.self)
    }

    /// - Parameter limit: How long to wait; long by default, because retrying many letters takes what it takes.
    func send<Answer: Decodable>(
        _ method: HTTPMethod,
        _ path: String,
        _ content: (any Encodable)? = nil,
        as type: Answer.Type,
        within limit: TimeAmount = .minutes(10)
    ) async throws(ControlError) -> Answer {
        do {
            var request = HTTPClientRequest(url: base + path)
            request.method = method
            if let content { request.body = .bytes(ByteBuffer(bytes: try ControlCoding.encode(content))) }
            let response = try await Self.http.execute(request, timeout: limit)
            let body = Data(try await response.body.collect(upTo: 1 << 30).readableBytesView)
            guard response.status == .ok else { throw Self.error(in: body, status: response.status) }
            return try ControlCoding.decode(type, from: body)
        } catch let error as ControlError {
            throw error
        } catch let error as DecodingError {
            throw ControlError(
                .failed,
                "\(socket.path): the node's answer cannot be read (\(error)); is it of another version of Tally?"
            )
        } catch {
            throw ControlError(
                .silent,
                "\(socket.path): the node does not answer (\(error)); is `tally run` still up?"
            )
        }
    }

    private static func error(in body: Data, status: HTTPResponseStatus) -> ControlError {
        do {
            return try ControlCoding.decode(ErrorAnswer.self, from: body).error
        } catch {
            return ControlError(.failed, "the node answered \(status.code) \(status.reasonPhrase) without saying why")
        }
    }

    /// The text with everything escaped that could mean something in a URL.
    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        .joined()
    }
}
