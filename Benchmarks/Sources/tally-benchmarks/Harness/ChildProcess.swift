import Foundation

/// A program that runs beside this one, and what it costs, read from `/proc`.
///
/// Made of `posix_spawn` and `waitpid`: Foundation's `Process` notices an end only every 50 ms.
final class ChildProcess {
    private let pid: pid_t
    private let name: String
    private let log: String
    private(set) var peakMemory = 0
    /// Processor time in all, in seconds, once the program has ended.
    private(set) var spentTime = 0.0

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: The file, or a name to be found on the `PATH`.
    ///   - folder: Where it runs.
    ///   - log: The file that its output is appended to.
    init(_ path: String, _ arguments: [String], in folder: String, log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        // `env` changes the folder and becomes the program; posix_spawn's own way to do it is an extension.
        let texts = (["env", "-C", folder, path] + arguments).map { strdup($0) } + [nil]
        defer { texts.forEach { free($0) } }
        var child = pid_t()
        let result = posix_spawnp(&child, "env", &actions, nil, texts, environ)
        guard result == 0 else { throw BenchmarkError("\(path): \(String(cString: strerror(result)))") }
        pid = child
        name = ([path] + arguments).joined(separator: " ")
        self.log = log
    }

    /// Waits for the end, and watches memory until then.
    ///
    /// - Throws: When the program ends with anything but 0; the end of its output is in the message.
    func wait() throws {
        var status: Int32 = 0
        var usage = rusage()
        var looks = 0
        while wait4(pid, &status, WNOHANG, &usage) == 0 {
            // The high-water mark only grows, so a look now and then loses no more than the last 20 ms.
            if looks % 10 == 0 { noteMemory() }
            looks += 1
            usleep(2000)
        }
        spentTime = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        guard status == 0 else { throw BenchmarkError("\(name) ended with status \(status):\n\(logEnd)") }
    }

    /// Asks the program to stop, as a person at a terminal would, and waits.
    func stop() throws {
        noteMemory()
        kill(pid, SIGINT)
        try wait()
    }

    /// Throws when the program is not running any more.
    func checkRunning() throws {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == 0 else { throw BenchmarkError("\(name) has ended:\n\(logEnd)") }
    }

    /// Processor time used so far, all threads together, in seconds.
    func processorTime() throws -> Double {
        // proc(5): after the name in parentheses, utime and stime are the 12th and 13th field, in clock ticks.
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw BenchmarkError("/proc/\(pid)/stat cannot be read; this benchmark needs Linux")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private func noteMemory() {
        // No file, or no such line, is a process that has just ended.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = Int(line.filter(\.isNumber))
        else { return }
        peakMemory = max(peakMemory, kibibytes * 1024)
    }

    private var logEnd: String {
        guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return "(no output)" }
        return text.split(separator: "\n").suffix(12).joined(separator: "\n")
    }
}
