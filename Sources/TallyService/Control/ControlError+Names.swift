import TallyEngine
import TallyGroup

extension ControlError {
    /// There is no such flow; says what there is.
    static func noFlow(_ name: String, in configuration: Configuration) -> ControlError {
        if configuration.groups.contains(where: { $0.name == name }) {
            return ControlError(.invalid, "\(name) is a group, and this is done to flows\(known(in: configuration))")
        }
        return ControlError(.notFound, "there is no flow \(name) in \(configuration.path)\(known(in: configuration))")
    }

    /// There is no such group; says what there is.
    static func noGroup(_ name: String, in configuration: Configuration) -> ControlError {
        ControlError(.notFound, "there is no group \(name) in \(configuration.path)\(known(in: configuration))")
    }

    fileprivate static func known(in configuration: Configuration) -> String {
        let parts = [
            ("flows", configuration.flows.map(\.settings.name)), ("groups", configuration.groups.map(\.name)),
        ]
        return parts.filter { !$0.1.isEmpty }.map { "; \($0.0): \($0.1.joined(separator: ", "))" }.joined()
    }
}

extension Configuration {
    /// What a name can stand for: flows and groups share one set of names.
    package enum Named: Sendable {
        case flow, group
    }

    /// - Throws: ``ControlError`` with code `notFound`, saying what there is.
    package func kind(of name: String) throws(ControlError) -> Named {
        if groups.contains(where: { $0.name == name }) { return .group }
        if flows.contains(where: { $0.settings.name == name }) { return .flow }
        throw ControlError(.notFound, "there is no flow or group \(name) in \(path)\(ControlError.known(in: self))")
    }
}
