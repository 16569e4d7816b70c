import Foundation
import TallyEngine
import TallyLedger
public import TallyModel
import TallyTransform

/// What `tally check` found about one flow.
public struct FlowFindings: Sendable, Hashable {
    public let flow: String
    public let source: String
    public let target: String
    /// The gravest first.
    public let findings: [Finding]
}

/// Looks at every flow and its stores before anything runs, and changes nothing.
public struct Inspection {
    public static func run(_ configuration: Configuration) async -> [FlowFindings] {
        var results: [FlowFindings] = []
        let clashes = await SharedTables.find(in: configuration)
        let (ledger, problem) = await ledger(of: configuration)
        for flow in configuration.flows {
            let shared = clashes.filter { $0.flows.contains(flow.settings.name) }.map { Finding(.error, $0.message) }
            results.append(await inspect(flow, configuration, ledger, known: shared + problem))
        }
        await ledger?.close()
        return results
    }

    /// The ledger, where there is one: to look makes none.
    private static func ledger(of configuration: Configuration) async -> (Ledger?, problem: [Finding]) {
        guard FileManager.default.fileExists(atPath: configuration.ledgerPath) else { return (nil, []) }
        do {
            return (try await Ledger.open(path: configuration.ledgerPath), [])
        } catch {
            return (nil, [finding(error)])
        }
    }

    private static func inspect(
        _ flow: FlowConfiguration,
        _ configuration: Configuration,
        _ ledger: Ledger?,
        known: [Finding]
    ) async -> FlowFindings {
        var findings = known
        var labels = (flow.from, flow.to)
        do {
            let stores = try FlowStores(flow, in: configuration)
            labels = (stores.source.label, stores.target.label)
            findings += try await inspect(flow.settings, stores, ledger)
        } catch {
            findings.append(finding(error))
        }
        let ordered = findings.enumerated().sorted { left, right in
            (right.element.severity, left.offset) < (left.element.severity, right.offset)
        }
        return FlowFindings(
            flow: flow.settings.name,
            source: labels.0,
            target: labels.1,
            findings: ordered.map(\.element)
        )
    }

    /// Whether the flow could go on where its target is.
    private static func aboutHistory(
        _ settings: FlowSettings,
        _ stores: FlowStores,
        _ ledger: Ledger?
    ) async throws -> [Finding] {
        let requests = try await ledger?.resyncRequests(of: settings.name) ?? []
        if requests.contains(where: { $0.table == nil }) {
            return [Finding(.note, "a new load of all tables was asked for; it begins with the next `tally run`")]
        }
        let problem: StoreError?
        do {
            problem = try await HistoryCheck(stores: stores, settings: settings).problem()
        } catch let error as StoreError {
            // What is wrong with the target is said where the target is looked at.
            return error.code == .damaged ? [Finding(.error, error.message)] : []
        }
        return problem.map { [Finding(.error, table: $0.table, $0.message)] } ?? []
    }

    private static func inspect(
        _ settings: FlowSettings,
        _ stores: FlowStores,
        _ ledger: Ledger?
    ) async throws -> [Finding] {
        let consumer = Consumer(flow: settings.name, targetID: "", targetLabel: stores.target.label)
        let request = CaptureRequest(
            consumer: consumer,
            tables: settings.tables,
            capture: settings.capture,
            reads: await columnsRead(by: settings, of: stores.source.0)
        )
        var findings = try await stores.source.0.inspect(request)
        findings += try await aboutHistory(settings, stores, ledger)
        // Where the source cannot be looked at, there is nothing to hold against the target.
        guard !findings.contains(where: { $0.severity == .error && $0.table == nil }) else { return findings }
        var outputs: [TableSchema] = []
        for schema in try await stores.source.0.catalog() where settings.tables.contains(schema.name) {
            do {
                outputs.append(
                    try RowTransform(settings.transforms[schema.name] ?? TransformSettings(), schema: schema).output
                )
            } catch {
                findings.append(
                    Finding(
                        .error,
                        table: schema.name,
                        "the transform does not fit: \(error)",
                        remedy: "mend it in tally.yaml"
                    )
                )
            }
        }
        findings += transformsOfNothing(settings, try await stores.source.0.catalog().map(\.name))
        findings += try await stores.target.0.inspect(outputs, create: settings.createsMissing)
        return findings
    }

    /// None where the source cannot be looked at, or where a transform does not fit: both are said where they are met.
    private static func columnsRead(by settings: FlowSettings, of source: any Source) async -> [TableName: Set<String>]
    {
        guard !settings.transforms.isEmpty else { return [:] }
        var reads: [TableName: Set<String>] = [:]
        do {
            for schema in try await source.catalog() {
                guard let transform = settings.transforms[schema.name] else { continue }
                do { reads[schema.name] = try RowTransform(transform, schema: schema).reads } catch { continue }
            }
        } catch {
            return [:]
        }
        return reads
    }

    private static func transformsOfNothing(_ settings: FlowSettings, _ tables: [TableName]) -> [Finding] {
        settings.transforms.keys.sorted().filter { !tables.contains($0) || !settings.tables.contains($0) }.map { name in
            Finding(
                .warning,
                table: name,
                "there is a transform for it, but the flow has no such table",
                remedy: "correct the name under `transform`, or add the table to `tables`"
            )
        }
    }

    private static func finding(_ error: any Error) -> Finding {
        Finding(.error, table: (error as? StoreError)?.table, (error as? StoreError)?.message ?? "\(error)")
    }
}
