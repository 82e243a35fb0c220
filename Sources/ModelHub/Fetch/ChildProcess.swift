internal import Foundation

/// A program run without a shell, its output kept in a file, ended when it takes too long or nobody waits any more.
struct ChildProcess {
    /// The program and its arguments; a name without a slash is looked for on the path.
    let command: [String]
    var environment: [String: String] = ProcessInfo.processInfo.environment
    /// Seconds until it is ended.
    var timeout: Double = 60

    enum Outcome: Hashable {
        case ended(status: Int32)
        case notFound
        case timedOut
        case cancelled
    }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - log: The file that takes standard output and standard error; a pipe could fill up and block.
    ///   - poll: Called about ten times a second.
    func run(log: URL, poll: () -> Void = {}) async throws(ModelHubError) -> Outcome {
        guard let program = Self.find(command.first ?? "", path: environment["PATH"]) else { return .notFound }
        try FileTasks.wrap(log, "write") { try Data().write(to: log) }
        let output = try FileTasks.openForUpdate(log)
        defer { try? output.close() }
        let process = Process()
        process.executableURL = program
        process.arguments = Array(command.dropFirst())
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try FileTasks.wrap(program, "run") { try process.run() }
        let start = ContinuousClock.now
        var outcome: Outcome?
        while process.isRunning {
            if Task.isCancelled { outcome = .cancelled }
            if ContinuousClock.now - start > .seconds(timeout) { outcome = outcome ?? .timedOut }
            if outcome != nil { break }
            poll()
            try? await Task.sleep(for: .milliseconds(60))
        }
        if let outcome {
            await Self.end(process)
            return outcome
        }
        return .ended(status: process.terminationReason == .exit ? process.terminationStatus : -1)
    }

    /// Asks it to end, and after two seconds ends it: it and what it started, since `python3` may be a script that
    /// starts the real one. Foundation gives each process a group of its own.
    private static func end(_ process: Process) async {
        let id = process.processIdentifier
        func send(_ signal: Int32) { if kill(-id, signal) != 0 { kill(id, signal) } }
        send(SIGTERM)
        // Sleeping in a cancelled task returns at once; the wait is on another.
        await Task.detached {
            for _ in 0..<40 where process.isRunning { try? await Task.sleep(for: .milliseconds(50)) }
        }.value
        guard process.isRunning else { return }
        send(SIGKILL)
        await Task.detached {
            for _ in 0..<40 where process.isRunning { try? await Task.sleep(for: .milliseconds(50)) }
        }.value
    }

    static func find(_ program: String, path: String?) -> URL? {
        if program.contains("/") {
            return FileManager.default.isExecutableFile(atPath: program) ? URL(filePath: program) : nil
        }
        for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") where !program.isEmpty {
            let candidate = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return URL(filePath: candidate) }
        }
        return nil
    }

    /// The last lines of a log, for messages: at most 600 characters.
    static func tail(of log: URL) -> String {
        guard let handle = try? FileHandle(forReadingFrom: log) else { return "" }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > 4000 ? size - 4000 : 0)
        let text = String(decoding: (try? handle.read(upToCount: 4000)) ?? Data(), as: UTF8.self)
        let lines = text.split(separator: "\n").suffix(4).joined(separator: " · ")
        return String(lines.suffix(600))
    }
}
