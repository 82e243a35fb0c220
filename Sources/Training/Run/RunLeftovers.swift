import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension RunFolder {
    /// Removes what killed runs left of the states that they were writing: hidden files beside `checkpoint` and `best`,
    /// named `.NAME.XXXXXXXX.part` as the writer names them. What another process is writing is locked and stays, as
    /// does what cannot be removed: it is only in the way of disk space.
    public func removeLeftovers() {
        let targets = [checkpoint, best].map(\.lastPathComponent)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        for name in names where targets.contains(where: { Self.isLeftover(name, of: $0) }) {
            let file = url.appendingPathComponent(name)
            let descriptor = unsafe open(file.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            defer { _ = close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(at: file) }
        }
    }

    /// Eight hexadecimal digits in capitals between the name and the ending, and nothing else.
    private static func isLeftover(_ name: String, of target: String) -> Bool {
        let start = ".\(target).", end = ".part"
        guard name.hasPrefix(start), name.hasSuffix(end) else { return false }
        let id = name.dropFirst(start.count).dropLast(end.count)
        return id.utf8.count == 8 && id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }
    }
}
