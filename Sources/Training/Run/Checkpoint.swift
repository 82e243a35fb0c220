public import FoundationEssentials
import ModelFormats
import Tensors

/// What a run must be the same in, so that a checkpoint of it can be gone on from; numbers and names as text.
public struct RunIdentity: Sendable, Equatable, Codable {
    /// Name and value, for example `learning_rate` and `0.0002`.
    public var fields: [String: String]

    /// An identity of these fields.
    public init(_ fields: [String: String]) { self.fields = fields }

    /// What differs, as `name: kept, now`.
    public func differences(from now: RunIdentity) -> [String] {
        Set(fields.keys).union(now.fields.keys).sorted().compactMap { key in
            let (old, new) = (fields[key] ?? "–", now.fields[key] ?? "–")
            return old == new ? nil : "\(key): \(old) → \(new)"
        }
    }
}

/// Why a checkpoint cannot be used.
public enum CheckpointError: Error, CustomStringConvertible {
    /// It belongs to a run with another configuration, model or data.
    case otherRun(path: String, differences: [String])
    /// It is damaged or was not written by this program.
    case damaged(path: String, reason: String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .otherRun(let path, let differences):
            "\(path) belongs to another run: \(differences.joined(separator: "; ")). Use the settings of that run, or "
                + "another --output"
        case .damaged(let path, let reason):
            "\(path) cannot be gone on from: \(reason). Remove it to begin anew"
        }
    }
}

/// The state of a run between two steps: trained values, the optimizer's moments, how many steps are done. One file
/// that is replaced as a whole, so that a kill at any moment leaves the old or the new one.
public enum Checkpoint {
    /// What a checkpoint says beside its tensors.
    public struct State: Sendable, Codable, Equatable {
        /// Steps that are done.
        public var step: Int
        /// Of the run.
        public var identity: RunIdentity
        /// The lowest held-out loss so far and the step of it; evaluations since.
        public var bestLoss: Double?
        /// Steps done when `bestLoss` was found.
        public var bestStep: Int?
        /// The held-out loss before the first step.
        public var firstLoss: Double?
        /// The loss on general text before the first step.
        public var firstGeneralLoss: Double?
        /// Seconds of work so far.
        public var seconds: Double

        /// A state; see the properties.
        public init(step: Int, identity: RunIdentity, seconds: Double = 0) {
            self.step = step
            self.identity = identity
            self.seconds = seconds
        }
    }

    private static let parts = ["values", "first", "second"]

    /// Writes the state of a trainer.
    public static func write(_ trainer: Trainer, state: State, to url: URL) throws {
        let arena = trainer.model.arena
        let buffers = [arena.values, trainer.optimizer.first, trainer.optimizer.second]
        let layout = arena.parameters.flatMap { parameter in
            parts.map {
                SafetensorsWriter.Layout(
                    name: "\($0).\(parameter.name)", shape: [parameter.rows, parameter.columns], type: .f32)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(state), as: UTF8.self)
        var digest = Digest(text)
        for parameter in arena.parameters {
            for buffer in buffers { for range in pieces(of: parameter) { digest.add(buffer.array(range)) } }
        }
        let writer = try SafetensorsWriter(
            to: url, metadata: ["state": text, "digest": digest.text], tensors: layout, replacing: true)
        for parameter in arena.parameters {
            for buffer in buffers {
                for range in pieces(of: parameter) {
                    try writer.write(try Quantisation.encode(buffer.array(range), type: .f32))
                }
            }
        }
        try writer.finish()
    }

    /// The file of a checkpoint; what is wrong with its form is told as a checkpoint's and not as a model's.
    private static func open(_ url: URL) throws -> SafetensorsFile {
        do {
            return try SafetensorsFile(url)
        } catch SafetensorsError.file(let error) {
            throw error
        } catch {
            throw CheckpointError.damaged(path: url.path, reason: "it is cut off or altered")
        }
    }

    /// What a checkpoint says, without its tensors.
    public static func state(of url: URL) throws -> State {
        let file = try open(url)
        guard let text = file.metadata["state"] else {
            throw CheckpointError.damaged(path: url.path, reason: "it says nothing about a run")
        }
        do {
            return try JSONDecoder().decode(State.self, from: Data(text.utf8))
        } catch {
            throw CheckpointError.damaged(path: url.path, reason: "its description cannot be read")
        }
    }

    /// Puts a trainer into the state of a checkpoint of the same run.
    /// - Throws: `CheckpointError.otherRun` with what differs; the trainer is unchanged then.
    public static func restore(_ trainer: Trainer, from url: URL, identity: RunIdentity) throws -> State {
        let state = try state(of: url)
        let differences = state.identity.differences(from: identity)
        guard differences.isEmpty else { throw CheckpointError.otherRun(path: url.path, differences: differences) }
        try load(trainer, from: url)
        trainer.step = state.step
        return state
    }

    private static func load(_ trainer: Trainer, from url: URL) throws {
        let file = try open(url), arena = trainer.model.arena
        let buffers = [arena.values, trainer.optimizer.first, trainer.optimizer.second]
        for parameter in arena.parameters {
            for part in parts {
                let name = "\(part).\(parameter.name)"
                guard let tensor = file.tensor(name), tensor.type == .f32,
                    tensor.shape == [parameter.rows, parameter.columns]
                else {
                    throw CheckpointError.damaged(path: url.path, reason: "\(name) is missing or has another shape")
                }
            }
        }
        var digest = Digest(file.metadata["state"] ?? "")
        try forEachPiece(of: file, arena.parameters) { _, _, values in digest.add(values) }
        guard digest.text == file.metadata["digest"] else {
            throw CheckpointError.damaged(path: url.path, reason: "its values were altered after they were written")
        }
        try forEachPiece(of: file, arena.parameters) { part, start, values in
            buffers[part].store(values, at: start)
        }
    }

    /// Parts of a parameter that are written and read at once.
    private static func pieces(of parameter: Parameter) -> [Range<Int>] {
        stride(from: parameter.range.lowerBound, to: parameter.range.upperBound, by: 1 << 20).map {
            $0..<min($0 + 1 << 20, parameter.range.upperBound)
        }
    }

    private static func forEachPiece(
        of file: SafetensorsFile, _ parameters: [Parameter], _ body: (Int, Int, [Float]) -> Void
    ) throws {
        for parameter in parameters {
            for (index, part) in parts.enumerated() {
                for range in pieces(of: parameter) {
                    let first = range.lowerBound - parameter.offset
                    let bytes = try file.read(
                        "\(part).\(parameter.name)", bytes: 4 * first..<4 * (first + range.count))
                    body(index, range.lowerBound, try Quantisation.dequantise(bytes, type: .f32, count: range.count))
                }
            }
        }
    }

    /// 64 bits that any one changed word changes: a disk's errors are seen, an attacker's are not.
    private struct Digest {
        private var state: UInt64 = 0xCBF2_9CE4_8422_2325

        init(_ text: String) { for byte in text.utf8 { mix(UInt64(byte)) } }

        private mutating func mix(_ word: UInt64) {
            state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
            state ^= state >> 29
        }

        mutating func add(_ values: [Float]) { for value in values { mix(UInt64(value.bitPattern)) } }

        var text: String { String(state, radix: 16) }
    }

    /// Puts the trained values alone into a model, e.g. the best ones of a run.
    public static func loadValues(_ trainer: Trainer, from url: URL) throws { try load(trainer, from: url) }
}
