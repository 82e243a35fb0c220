import Foundation

/// What a typed error of a library says to people who read Chinese: what is wrong, where, what to do.
///
/// The libraries know no languages: `description` is English, for programs, logs and everybody else. Commands speak
/// the user's language, so the Chinese sentences stand beside the commands, one extension per error type in this
/// folder. To add one: extend the error with `ChineseMessage` and switch over its cases, without `default` where all
/// of them reach people, so that the compiler asks for the sentence of a case that is added later.
protocol ChineseMessage: Error {
    /// nil where a case has no sentence of its own; then the English one is shown.
    var chinese: String? { get }
}

extension Failure {
    /// What an error says in Chinese, or in English where it has no Chinese words.
    static func chinese(_ error: any Error) -> String {
        (error as? any ChineseMessage)?.chinese ?? "\(error)"
    }
}

/// A reason that the operating system gives, in both languages.
struct SystemReason {
    let code: Int32?
    let chinese: String
    let english: String

    init(code: Int32) {
        self.code = code
        english = unsafe String(cString: strerror(code))
        chinese =
            switch code {
            case ENOENT: "没有这个文件或目录"
            case EACCES, EPERM: "没有权限"
            case EISDIR: "是目录，不是文件"
            case ENOTDIR: "路径中有一段不是目录"
            case ENOSPC: "磁盘已满"
            case EDQUOT: "超出磁盘配额"
            case EROFS: "文件系统只读"
            case EIO: "磁盘读写出错"
            case EMFILE, ENFILE: "打开的文件过多"
            case EEXIST: "已存在"
            default: english
            }
    }

    /// The reason of an error of Foundation.
    init(_ error: any Error) {
        let error = error as NSError
        let underlying = (error.userInfo[NSUnderlyingErrorKey] as? NSError) ?? error
        if underlying.domain == NSPOSIXErrorDomain {
            self.init(code: Int32(truncatingIfNeeded: underlying.code))
            return
        }
        let known: [Int: Int32] = [4: ENOENT, 260: ENOENT, 257: EACCES, 513: EACCES, 640: ENOSPC, 516: EEXIST]
        if error.domain == NSCocoaErrorDomain, let code = known[error.code] {
            self.init(code: code)
            return
        }
        if error.domain == NSCocoaErrorDomain, error.code == 512 {
            self.init(chinese: "此处无法写入", english: "nothing can be written there")
        } else {
            self.init(chinese: error.localizedDescription, english: error.localizedDescription)
        }
    }

    private init(chinese: String, english: String) {
        code = nil
        self.chinese = chinese
        self.english = english
    }
}
