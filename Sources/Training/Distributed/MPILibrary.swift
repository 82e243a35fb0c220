#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The functions of libpallet-mpi.so (Sources/MPIShim/mpi_shim.c), loaded when they are needed.
///
/// Memory is lent to a function for the length of its call. A call that gives up after its time leaves MPI with a
/// request on that memory; the caller must not use the group again (see `MPICommunicator`).
@safe
struct MPILibrary: Sendable {
    /// What the version function must give.
    private static let version: Int32 = 1

    private typealias Number = @convention(c) () -> Int32
    private typealias Open = @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Int32
    private typealias Wait = @convention(c) (Double) -> Int32
    private typealias Receive = @convention(c) (UnsafeMutableRawPointer?, Int, Int32, Double) -> Int32
    private typealias Send = @convention(c) (UnsafeRawPointer?, Int, Int32, Double) -> Int32
    private typealias End = @convention(c) (Int32) -> Int32
    private typealias ErrorText = @convention(c) (Int32, UnsafeMutablePointer<CChar>, Int) -> Void
    private typealias Text = @convention(c) (UnsafeMutablePointer<CChar>, Int) -> Void

    let path: String
    private let openFunction: Open
    private let barrierFunction: Wait
    private let broadcastFunction: Receive
    private let sendFunction: Send
    private let receiveFunction: Receive
    private let closeFunction: Number
    private let abortFunction: End
    private let errorTextFunction: ErrorText
    private let libraryFunction: Text

    /// Loads the library; it stays loaded until the process ends.
    init(path: String) throws(CommunicationError) {
        self.path = path
        // Global: MPI loads parts of its own later that look for its symbols.
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_GLOBAL) else {
            throw .unusableLibrary(path: path, reason: unsafe dlerror().map { unsafe String(cString: $0) } ?? "unknown")
        }
        func symbol(_ name: String) throws(CommunicationError) -> UnsafeMutableRawPointer {
            guard let address = unsafe dlsym(handle, "pallet_mpi_" + name) else {
                throw .unusableLibrary(path: path, reason: "it has no function pallet_mpi_\(name)")
            }
            return unsafe address
        }
        let actual = unsafe unsafeBitCast(try symbol("version"), to: Number.self)()
        if actual != Self.version {
            throw .unusableLibrary(path: path, reason: "its version is \(actual), expected \(Self.version)")
        }
        unsafe openFunction = unsafe unsafeBitCast(try symbol("open"), to: Open.self)
        barrierFunction = unsafe unsafeBitCast(try symbol("barrier"), to: Wait.self)
        unsafe broadcastFunction = unsafe unsafeBitCast(try symbol("broadcast"), to: Receive.self)
        unsafe sendFunction = unsafe unsafeBitCast(try symbol("send"), to: Send.self)
        unsafe receiveFunction = unsafe unsafeBitCast(try symbol("receive"), to: Receive.self)
        closeFunction = unsafe unsafeBitCast(try symbol("close"), to: Number.self)
        abortFunction = unsafe unsafeBitCast(try symbol("abort"), to: End.self)
        unsafe errorTextFunction = unsafe unsafeBitCast(try symbol("error_text"), to: ErrorText.self)
        unsafe libraryFunction = unsafe unsafeBitCast(try symbol("library"), to: Text.self)
    }

    /// Joins the group: code, rank, size.
    func open() -> (code: Int32, rank: Int, size: Int) {
        var rank: Int32 = 0
        var size: Int32 = 0
        let code = unsafe openFunction(&rank, &size)
        return (code, Int(rank), Int(size))
    }

    func barrier(timeout: Double) -> Int32 { barrierFunction(timeout) }

    func broadcast<Element: BitwiseCopyable>(_ values: inout [Element], from root: Int, timeout: Double) -> Int32 {
        unsafe values.withUnsafeMutableBytes { bytes in
            unsafe broadcastFunction(bytes.baseAddress, bytes.count, Int32(truncatingIfNeeded: root), timeout)
        }
    }

    func send(_ values: ArraySlice<Float>, to rank: Int, timeout: Double) -> Int32 {
        unsafe values.withUnsafeBytes { bytes in
            unsafe sendFunction(bytes.baseAddress, bytes.count, Int32(truncatingIfNeeded: rank), timeout)
        }
    }

    func receive(_ values: inout [Float], from rank: Int, timeout: Double) -> Int32 {
        unsafe values.withUnsafeMutableBytes { bytes in
            unsafe receiveFunction(bytes.baseAddress, bytes.count, Int32(truncatingIfNeeded: rank), timeout)
        }
    }

    func close() -> Int32 { closeFunction() }

    func abort(_ code: Int32) { _ = abortFunction(code) }

    /// What an error code means.
    func text(of code: Int32) -> String {
        unsafe Self.text { start, count in unsafe errorTextFunction(code, start, count) }
    }

    /// Name and version of the MPI behind the library.
    var implementation: String {
        unsafe Self.text { start, count in unsafe libraryFunction(start, count) }
    }

    private static func text(_ fill: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            unsafe buffer.initialize(repeating: 0)
            if let start = buffer.baseAddress { unsafe fill(start, buffer.count) }
            let bytes = unsafe buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
