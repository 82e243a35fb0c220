internal import CKernels

/// Memory of one page of a key-value cache: zero at first, 64-byte aligned.
@safe
final class KeyValuePage {
    let byteCount: Int
    let base: UnsafeMutablePointer<UInt8>

    /// - Throws: `outOfMemory`.
    init(byteCount: Int) throws(TensorError) {
        guard let memory = unsafe ck_allocate(byteCount) else { throw .outOfMemory(bytes: byteCount) }
        self.byteCount = byteCount
        unsafe base = memory.bindMemory(to: UInt8.self, capacity: byteCount)
    }

    deinit { unsafe ck_free(base, byteCount) }

    /// Takes the contents of a page of the same size.
    func copy(from other: KeyValuePage) {
        precondition(byteCount == other.byteCount, "pages differ in size")
        unsafe base.update(from: other.base, count: byteCount)
    }
}
