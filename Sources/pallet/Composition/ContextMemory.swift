import ArgumentParser
import ModelFormats
import Tensors
import Transformers

/// `--kv-cache`: how keys and values are kept.
struct CacheOptions: ParsableArguments {
    @Option(
        name: .customLong("kv-cache"),
        help: ArgumentHelp(
            text(
                "键值缓存的类型：f32、f16 或 q8_0（默认 f16，--compute f32 时为 f32；Qwen2.5 不宜用 q8_0）",
                "keys and values as f32, f16 or q8_0 (default: f16, or f32 with --compute f32; no q8_0 for Qwen2.5)"),
            valueName: "type"))
    var kvCache: String?

    /// Nil for what suits the precision.
    var element: KeyValueCache.Element? { kvCache.flatMap { KeyValueCache.Element(rawValue: $0) } }

    func validate() throws {
        if kvCache != nil, element == nil {
            let known = KeyValueCache.Element.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(text("--kv-cache 应为 \(known) 之一", "--kv-cache: one of \(known)"))
        }
    }
}

extension ModelFile {
    /// Bytes that the weights take in memory, but for padding.
    func weightBytes(_ precision: Precision) -> Int {
        tensors.reduce(0) { sum, tensor in
            switch precision {
            case .integer: sum + tensor.byteCount
            case .exact: sum + tensor.elementCount * MemoryLayout<Float>.stride
            }
        }
    }
}

/// What the keys and values of a context take, told and compared with what the machine has before any of it is taken.
struct ContextMemory {
    let positions: Int
    let element: KeyValueCache.Element
    /// Of one sequence that fills the context.
    let bytes: Int

    /// - Parameter positions: what is wanted; the model's own context bounds it.
    init(_ configuration: ModelConfiguration, positions: Int, element: KeyValueCache.Element) throws {
        self.positions = min(positions, configuration.contextLength)
        self.element = element
        bytes = try configuration.makeCache(element: element).bytes(positions: self.positions)
    }

    /// For people: `8192 positions, keys and values 101 MB (f16)`.
    var summary: String {
        text(
            "上下文 \(positions) 个位置，键值缓存最多 \(Bytes.text(bytes))（\(element.rawValue)）",
            "context of \(positions) positions, keys and values up to \(Bytes.text(bytes)) (\(element.rawValue))")
    }

    /// Refuses what cannot fit, before work starts.
    /// - Parameters:
    ///   - weights: bytes that are still to be taken for the model.
    ///   - available: nil where the system does not say; then nothing is refused.
    func check(weights: Int = 0, available: Int? = MachineMemory.available) throws {
        guard let available, available - weights < bytes else { return }
        let left = Bytes.text(max(0, available - weights))
        throw Failure(
            .unavailable,
            "\(positions) 个位置的键值缓存（\(element.rawValue)）需要 \(Bytes.text(bytes)) 内存，加载模型后只剩 \(left)："
                + "请缩短上下文，或用 --kv-cache q8_0",
            "keys and values of \(positions) positions (\(element.rawValue)) take \(Bytes.text(bytes)) of memory, and "
                + "beside the model \(left) are left: use a shorter context or --kv-cache q8_0")
    }
}
