public import ModelFormats
public import Tensors

extension Precision {
    /// How keys and values are kept unless something else is asked for: exact computing keeps them as they are; beside
    /// weights and activations of 8 bits, what halves lose lies within the spread of prompts (decision 010).
    public var cacheElement: KeyValueCache.Element {
        switch self {
        case .integer: .f16
        case .exact: .f32
        }
    }
}

extension ModelConfiguration {
    /// An empty cache for one sequence.
    public func makeCache(element: KeyValueCache.Element) throws(TensorError) -> KeyValueCache {
        try KeyValueCache(
            layers: blockCount, kvHeads: kvHeadCount, keyLength: keyLength, valueLength: valueLength, element: element)
    }
}

extension TransformerModel {
    /// An empty cache for one sequence, with elements of `cacheElement`.
    public func makeCache() throws -> KeyValueCache { try configuration.makeCache(element: cacheElement) }
}
