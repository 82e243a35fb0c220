/// One byte for every Unicode scalar, in a table of pages of 256; equal pages are stored once.
struct ScalarPages: Sendable {
    /// Start of each page in `values`.
    private let pages: [Int32]
    private let values: [UInt8]

    /// Asks for the value of every scalar that can have one; all others have 0.
    init(_ value: (Unicode.Scalar) -> UInt8) {
        var pages: [Int32] = []
        var values: [UInt8] = []
        var known: [[UInt8]: Int32] = [:]
        for page in 0..<0x1100 {
            var content = [UInt8](repeating: 0, count: 256)
            // Planes 4 to 13 are unassigned and 15 and 16 private use: no class, no need to ask.
            if page < 0x400 || (page >= 0xE00 && page < 0xF00) {
                for low in 0..<256 {
                    guard let scalar = Unicode.Scalar(UInt32(page << 8 | low)) else { continue }
                    content[low] = value(scalar)
                }
            }
            if let start = known[content] {
                pages.append(start)
            } else {
                let start = Int32(values.count)
                known[content] = start
                pages.append(start)
                values.append(contentsOf: content)
            }
        }
        self.pages = pages
        self.values = values
    }

    /// The value of a scalar; 0 beyond the last one.
    @inline(__always)
    subscript(_ scalar: UInt32) -> UInt8 {
        let page = Int(scalar >> 8)
        return page < pages.count ? values[Int(pages[page]) &+ Int(scalar & 0xFF)] : 0
    }
}
