/// Decompresses DEFLATE (RFC 1951), bit by bit: for tables of this program, not for speed.
struct DeflateReader {
    private let input: [UInt8]
    private let limit: Int
    private var place = 0
    private var held: UInt32 = 0
    private var heldBits = 0
    private var output: [UInt8] = []

    /// The decompressed bytes.
    /// - Parameter limit: most bytes that may come out.
    static func bytes(_ input: [UInt8], limit: Int) throws(DeflateError) -> [UInt8] {
        var reader = DeflateReader(input: input, limit: limit)
        try reader.run()
        return reader.output
    }

    private init(input: [UInt8], limit: Int) {
        self.input = input
        self.limit = limit
    }

    private mutating func run() throws(DeflateError) {
        var isLast = false
        while !isLast {
            isLast = try bits(1) == 1
            switch try bits(2) {
            case 0: try stored()
            case 1: try coded(Self.fixedLiterals, Self.fixedDistances)
            case 2:
                let (literals, distances) = try dynamicCodes()
                try coded(literals, distances)
            default: throw .badBlock(offset: place)
            }
        }
    }

    /// The next bits, the first one lowest; at most 16.
    private mutating func bits(_ count: Int) throws(DeflateError) -> Int {
        while heldBits < count {
            guard place < input.count else { throw .endsEarly(length: input.count) }
            held |= UInt32(input[place]) << UInt32(heldBits)
            place += 1
            heldBits += 8
        }
        let value = held & (1 << UInt32(count) - 1)
        held >>= UInt32(count)
        heldBits -= count
        return Int(value)
    }

    /// A block as it is: its length, the length's complement, its bytes.
    private mutating func stored() throws(DeflateError) {
        (held, heldBits) = (0, 0)
        let length = try bits(16)
        guard try bits(16) == length ^ 0xFFFF else { throw .badBlock(offset: place) }
        guard length <= input.count - place else { throw .endsEarly(length: input.count) }
        guard output.count + length <= limit else { throw .tooLarge(limit: limit) }
        output.append(contentsOf: input[place..<place + length])
        place += length
    }

    // MARK: Codes

    /// A prefix code in which codes of one length are consecutive numbers in the order of their symbols.
    private struct Code {
        /// How many codes have each length; place 0 is not used.
        var counts = [Int](repeating: 0, count: 16)
        /// Symbols by length, then by number.
        var symbols: [Int] = []

        init(_ lengths: some Collection<Int>) {
            for length in lengths where length > 0 { counts[length] += 1 }
            let used = lengths.enumerated().filter { $0.element > 0 }
            symbols = used.sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }.map(\.offset)
        }
    }

    private static let fixedLiterals = Code(
        (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = Code(Array(repeating: 5, count: 30))

    private mutating func symbol(_ code: Code) throws(DeflateError) -> Int {
        var value = 0, first = 0, index = 0
        for length in 1..<16 {
            value = try value << 1 | bits(1)
            first <<= 1
            let count = code.counts[length]
            if value - first < count {
                guard value >= first else { break }
                return code.symbols[index + value - first]
            }
            first += count
            index += count
        }
        throw .badCode(offset: place)
    }

    private mutating func dynamicCodes() throws(DeflateError) -> (literals: Code, distances: Code) {
        let literals = try bits(5) + 257, distances = try bits(5) + 1, orders = try bits(4) + 4
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var orderLengths = [Int](repeating: 0, count: 19)
        for symbol in order.prefix(orders) { orderLengths[symbol] = try bits(3) }
        let lengthCode = Code(orderLengths)
        var lengths: [Int] = []
        while lengths.count < literals + distances {
            let symbol = try symbol(lengthCode)
            switch symbol {
            case 16:
                guard let last = lengths.last else { throw .badCode(offset: place) }
                lengths += Array(repeating: last, count: try bits(2) + 3)
            case 17: lengths += Array(repeating: 0, count: try bits(3) + 3)
            case 18: lengths += Array(repeating: 0, count: try bits(7) + 11)
            default: lengths.append(symbol)
            }
        }
        guard lengths.count == literals + distances else { throw .badCode(offset: place) }
        return (Code(lengths[..<literals]), Code(lengths[literals...]))
    }

    // MARK: Literals and repetitions

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12289, 16385, 24577,
    ]

    private mutating func coded(_ literals: Code, _ distances: Code) throws(DeflateError) {
        while true {
            let symbol = try symbol(literals)
            if symbol == 256 { return }
            guard symbol > 256 else {
                guard output.count < limit else { throw .tooLarge(limit: limit) }
                output.append(UInt8(symbol))
                continue
            }
            guard symbol - 257 < Self.lengthBases.count else { throw .badCode(offset: place) }
            let length = Self.lengthBases[symbol - 257] + (try bits(Self.lengthBits[symbol - 257]))
            let far = try self.symbol(distances)
            guard far < Self.distanceBases.count else { throw .badCode(offset: place) }
            let distance = Self.distanceBases[far] + (try bits(max(0, far / 2 - 1)))
            guard distance <= output.count else { throw .badCode(offset: place) }
            guard output.count + length <= limit else { throw .tooLarge(limit: limit) }
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }
}

/// Why bytes are not DEFLATE.
enum DeflateError: Error, Equatable {
    case endsEarly(length: Int)
    case badBlock(offset: Int)
    case badCode(offset: Int)
    case tooLarge(limit: Int)
}
