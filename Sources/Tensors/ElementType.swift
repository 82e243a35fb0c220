internal import CKernels

/// The element types of GGUF tensors, with ggml's numbers.
///
/// Products accept those with `isComputable`; the others are known so that files that hold them can be described.
public enum ElementType: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q2_k = 10
    case q3_k = 11
    case q4_k = 12
    case q5_k = 13
    case q6_k = 14
    case iq4_nl = 20
    case iq4_xs = 23
    case i8 = 24
    case i16 = 25
    case i32 = 26
    case i64 = 27
    case f64 = 28
    case bf16 = 30

    /// The name as ggml writes it: `Q4_K`, `BF16`, `I32`.
    public var name: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .q4_0: "Q4_0"
        case .q4_1: "Q4_1"
        case .q5_0: "Q5_0"
        case .q5_1: "Q5_1"
        case .q8_0: "Q8_0"
        case .q2_k: "Q2_K"
        case .q3_k: "Q3_K"
        case .q4_k: "Q4_K"
        case .q5_k: "Q5_K"
        case .q6_k: "Q6_K"
        case .iq4_nl: "IQ4_NL"
        case .iq4_xs: "IQ4_XS"
        case .i8: "I8"
        case .i16: "I16"
        case .i32: "I32"
        case .i64: "I64"
        case .f64: "F64"
        case .bf16: "BF16"
        }
    }

    /// The same as `name`.
    public var description: String { name }

    /// Weights per block: 1, 32 or 256. A row must be a multiple of it.
    public var blockLength: Int {
        switch self {
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_nl: 32
        case .q2_k, .q3_k, .q4_k, .q5_k, .q6_k, .iq4_xs: 256
        case .f32, .f16, .bf16, .i8, .i16, .i32, .i64, .f64: 1
        }
    }

    /// Bytes per block in a file.
    public var blockBytes: Int {
        switch self {
        case .i8: 1
        case .f16, .bf16, .i16: 2
        case .f32, .i32: 4
        case .f64, .i64: 8
        case .q4_0, .iq4_nl: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q8_0: 34
        case .q2_k: 84
        case .q3_k: 110
        case .q4_k: 144
        case .q5_k: 176
        case .q6_k: 210
        case .iq4_xs: 136
        }
    }

    /// Whether weights of this type can be multiplied with and dequantised.
    public var isComputable: Bool { form != nil }

    /// Whether values can be written in this type (`Quantisation.encode`).
    public var isEncodable: Bool { form.map { ck_encodable($0) != 0 } ?? false }

    /// The largest magnitude that is written in this type: what f16, whose numbers the blocks have as scales, rounds to
    /// a finite number.
    public var largestEncodable: Float {
        switch self {
        case .f32, .bf16, .f64: .greatestFiniteMagnitude
        default: Float(65520).nextDown
        }
    }

    /// Bytes of `elements` values, or nil when they do not fill whole blocks, are negative, or overflow.
    public func byteCount(elements: Int) -> Int? {
        guard elements >= 0, elements % blockLength == 0 else { return nil }
        let (bytes, overflow) = (elements / blockLength).multipliedReportingOverflow(by: blockBytes)
        return overflow ? nil : bytes
    }

    /// Types by the lower-case names of the command line: `f32`, `q4_0`, `q4_k`, …
    public static let named: [String: ElementType] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.name.lowercased(), $0) })

    /// The kernels' number of this type.
    var form: UInt32? {
        switch self {
        case .f32: UInt32(CK_F32)
        case .f16: UInt32(CK_F16)
        case .bf16: UInt32(CK_BF16)
        case .q4_0: UInt32(CK_Q4_0)
        case .q4_1: UInt32(CK_Q4_1)
        case .q5_0: UInt32(CK_Q5_0)
        case .q5_1: UInt32(CK_Q5_1)
        case .q8_0: UInt32(CK_Q8_0)
        case .q4_k: UInt32(CK_Q4_K)
        case .q5_k: UInt32(CK_Q5_K)
        case .q6_k: UInt32(CK_Q6_K)
        case .q2_k: UInt32(CK_Q2_K)
        case .q3_k: UInt32(CK_Q3_K)
        case .iq4_nl: UInt32(CK_IQ4_NL)
        case .iq4_xs: UInt32(CK_IQ4_XS)
        case .i8, .i16, .i32, .i64, .f64: nil
        }
    }
}
