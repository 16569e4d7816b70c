import Foundation
import Logging
import Testing
import TallyService

@Suite struct ConsoleTests {
    /// What a console writes while `body` uses it.
    private func output(
        environment: [String: String] = ["TERM": "xterm"],
        isTerminal: Bool,
        _ body: (Console) -> Void
    ) throws -> String {
        let pipe = Pipe()
        body(
            Console(
                descriptor: pipe.fileHandleForWriting.fileDescriptor,
                environment: environment,
                isTerminal: isTerminal
            )
        )
        try pipe.fileHandleForWriting.close()
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    private let bad = Line("bad", .bad)

    @Test func `Colour only for a terminal whose user wants it`() throws {
        #expect(try output(isTerminal: true) { $0.write(bad) } == "\u{1B}[31mbad\u{1B}[0m\n")
        #expect(try output(isTerminal: false) { $0.write(bad) } == "bad\n")
        let unwanted = ["TERM": "xterm", "NO_COLOR": "1"]
        #expect(try output(environment: unwanted, isTerminal: true) { $0.write(bad) } == "bad\n")
        #expect(try output(environment: ["TERM": "dumb"], isTerminal: true) { $0.write(bad) } == "bad\n")
    }

    @Test func `A block is redrawn in place, and lines go above it`() throws {
        let text = try output(isTerminal: true) { console in
            console.show(block: ["one", "two"])
            console.show(block: ["three"])
            console.write("log\n")
            console.leaveBlock()
            console.write("end\n")
        }
        #expect(text == "one\ntwo\n\u{1B}[2A\r\u{1B}[Jthree\n\u{1B}[1A\r\u{1B}[Jlog\nthree\nend\n")
    }

    @Test func `A block never takes more rows than the screen has`() throws {
        // A pipe has no size: 24 rows of 80 columns are assumed.
        let lines = (1...30).map { Line("line \($0)") } + [Line(String(repeating: "x", count: 200))]
        let text = try output(isTerminal: true) { $0.show(block: lines) }
        let rows = text.split(separator: "\n")
        #expect(rows.count == 23)
        #expect(rows[21] == "line 22")
        #expect(rows[22].hasSuffix("and 9 more lines\u{1B}[0m"))
        let long = try output(isTerminal: true) { $0.show(block: [Line(String(repeating: "x", count: 200))]) }
        #expect(long == String(repeating: "x", count: 78) + "…\n")
    }

    @Test func `A log event is one line, with its metadata as words`() throws {
        let text = try output(isTerminal: false) { console in
            var logger = Logger(label: "test") { _ in
                LineLogHandler(now: { Date(timeIntervalSince1970: 1_700_000_000.25) }) { console.write($0) }
            }
            logger[metadataKey: "flow"] = "shop"
            logger.info("is live", metadata: ["tables": "3", "empty": "", "note": "two words \"quoted\""])
            logger.error("two\nlines\u{1B}[2J")
            logger.debug("not shown")
        }
        #expect(
            text == """
                2023-11-14T22:13:20.250Z info    is live empty="" flow=shop note="two words \\"quoted\\"" tables=3
                2023-11-14T22:13:20.250Z error   two lines\u{FFFD}[2J flow=shop

                """
        )
    }
}
