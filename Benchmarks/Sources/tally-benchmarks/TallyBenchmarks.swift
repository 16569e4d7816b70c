import Foundation

/// Measures Tally against its peers, prints what it finds and writes `RESULTS.md`.
@main
struct TallyBenchmarks {
    static func main() {
        do {
            let options = try Options(arguments: Array(CommandLine.arguments.dropFirst()))
            guard !options.asksForHelp else { return print(Options.help) }
            try run(options)
        } catch {
            FileHandle.standardError.write(Data("tally-benchmarks: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        let bench = try Bench(options)
        defer { bench.removeFolder() }
        let machine = try Machine(folder: bench.folder)
        bench.say(machine.summary)

        var findings: [Finding] = []
        for subject in options.subjects {
            bench.say("\(subject.rawValue):")
            findings += try subject.benchmark.run(bench)
        }
        findings += bench.memory.findings

        let report = Report(findings: findings, peaks: bench.memory.peaks, machine: machine, options: options)
        print("\n\(report.table)\n\n\(report.memory)")
        guard let path = options.resultsPath else {
            return print("Only a run of everything at full size rewrites RESULTS.md; --results PATH writes any run.")
        }
        try report.markdown.write(toFile: path, atomically: true, encoding: .utf8)
        print("Written to \(path)")
    }
}
