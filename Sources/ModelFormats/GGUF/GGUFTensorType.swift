public import Tensors

/// A tensor type as GGUF numbers it, with the size of its blocks: every type that exists, also those that nothing
/// here computes with. Files with them can be listed; computing refuses them by name.
public struct GGUFTensorType: Hashable, Sendable {
    /// The number in the file.
    public let id: UInt32
    /// The usual name, for example `Q4_K`.
    public let name: String
    /// Weights in a block; a row holds whole blocks.
    public let blockLength: Int
    /// Bytes of a block.
    public let blockBytes: Int

    /// The type with this number; nil for numbers that were never given or whose type was removed.
    public init?(id: UInt32) {
        guard let known = Self.table[id] else { return nil }
        self = known
    }

    /// The same type as the element type that is computed with.
    public init?(_ type: ElementType) { self.init(id: type.rawValue) }

    /// The type to compute with; nil when nothing here decodes it.
    public var elementType: ElementType? { ElementType(rawValue: id) }

    /// The name that a removed type had, so that the message can say what the file was.
    static func removedName(id: UInt32) -> String? {
        switch id {
        case 4: "Q4_2"
        case 5: "Q4_3"
        case 31: "Q4_0_4_4"
        case 32: "Q4_0_4_8"
        case 33: "Q4_0_8_8"
        case 36: "IQ4_NL_4_4"
        case 37: "IQ4_NL_4_8"
        case 38: "IQ4_NL_8_8"
        default: nil
        }
    }

    private init(_ id: UInt32, _ name: String, _ blockLength: Int, _ blockBytes: Int) {
        self.id = id
        self.name = name
        self.blockLength = blockLength
        self.blockBytes = blockBytes
    }

    private static let table: [UInt32: GGUFTensorType] = {
        let all = [
            GGUFTensorType(0, "F32", 1, 4), GGUFTensorType(1, "F16", 1, 2),
            GGUFTensorType(2, "Q4_0", 32, 18), GGUFTensorType(3, "Q4_1", 32, 20),
            GGUFTensorType(6, "Q5_0", 32, 22), GGUFTensorType(7, "Q5_1", 32, 24),
            GGUFTensorType(8, "Q8_0", 32, 34), GGUFTensorType(9, "Q8_1", 32, 36),
            GGUFTensorType(10, "Q2_K", 256, 84), GGUFTensorType(11, "Q3_K", 256, 110),
            GGUFTensorType(12, "Q4_K", 256, 144), GGUFTensorType(13, "Q5_K", 256, 176),
            GGUFTensorType(14, "Q6_K", 256, 210), GGUFTensorType(15, "Q8_K", 256, 292),
            GGUFTensorType(16, "IQ2_XXS", 256, 66), GGUFTensorType(17, "IQ2_XS", 256, 74),
            GGUFTensorType(18, "IQ3_XXS", 256, 98), GGUFTensorType(19, "IQ1_S", 256, 50),
            GGUFTensorType(20, "IQ4_NL", 32, 18), GGUFTensorType(21, "IQ3_S", 256, 110),
            GGUFTensorType(22, "IQ2_S", 256, 82), GGUFTensorType(23, "IQ4_XS", 256, 136),
            GGUFTensorType(24, "I8", 1, 1), GGUFTensorType(25, "I16", 1, 2),
            GGUFTensorType(26, "I32", 1, 4), GGUFTensorType(27, "I64", 1, 8),
            GGUFTensorType(28, "F64", 1, 8), GGUFTensorType(29, "IQ1_M", 256, 56),
            GGUFTensorType(30, "BF16", 1, 2), GGUFTensorType(34, "TQ1_0", 256, 54),
            GGUFTensorType(35, "TQ2_0", 256, 66), GGUFTensorType(39, "MXFP4", 32, 17),
            GGUFTensorType(40, "NVFP4", 64, 36), GGUFTensorType(41, "Q1_0", 128, 18),
            GGUFTensorType(42, "Q2_0", 64, 18),
        ]
        return Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }()
}
