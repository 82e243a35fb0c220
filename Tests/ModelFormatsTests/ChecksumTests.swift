import ModelFormats
import Testing

/// The sum that finds damage.
struct ChecksumTests {
    @Test func everyChangedByteAndLengthIsFound() {
        for count in [0, 1, 7, 63, 64, 65, 200] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
            let sum = Checksum.of(bytes[...])
            #expect(Checksum.of(bytes[...]) == sum)
            #expect(Checksum.of((bytes + [0])[...]) != sum && (count == 0 || Checksum.of(bytes.dropLast()) != sum))
            for place in 0..<count {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[place] ^= 1 << UInt8(bit)
                    #expect(Checksum.of(changed[...]) != sum, "\(count) bytes, \(place)")
                }
            }
        }
    }

    @Test func placeAndOrderCount() {
        let bytes = (0..<256).map { UInt8(truncatingIfNeeded: $0) }
        #expect(Checksum.of((bytes[64..<128] + bytes[..<64] + bytes[128...])[...]) != Checksum.of(bytes[...]))
        let zeros = [UInt8](repeating: 0, count: 128)
        #expect(Checksum.of(zeros[..<64]) != Checksum.of(zeros[...]))
        // A part of an array sums as if it stood alone.
        #expect(Checksum.of(bytes[3..<200]) == Checksum.of(Array(bytes[3..<200])[...]))
    }
}
