/// The order of the rows of q and k in llama files, where GGUF differs from Hugging Face.
///
/// A head has d rows. Hugging Face keeps the first halves of all pairs, then the second halves: row s·d/2 + i holds
/// half s of pair i. GGUF puts a pair side by side: that row becomes 2i + s.
struct RowPermutation {
    /// Rows of a head: even.
    let headLength: Int

    /// The Hugging Face row that stands at this GGUF row.
    func huggingFaceRow(ofGGUF row: Int) -> Int {
        let head = row / headLength
        let within = row % headLength
        return head * headLength + (within % 2) * (headLength / 2) + within / 2
    }

    /// The GGUF row that stands at this Hugging Face row.
    func ggufRow(ofHuggingFace row: Int) -> Int {
        let head = row / headLength
        let within = row % headLength
        return head * headLength + 2 * (within % (headLength / 2)) + within / (headLength / 2)
    }

    /// The whole heads that hold these rows.
    func heads(covering rows: Range<Int>) -> Range<Int> {
        guard !rows.isEmpty else { return rows }
        let first = rows.lowerBound / headLength * headLength
        let last = (rows.upperBound + headLength - 1) / headLength * headLength
        return first..<last
    }
}
