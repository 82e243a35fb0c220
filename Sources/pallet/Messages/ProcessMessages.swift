import Training

extension CommunicationError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .noLibrary(let processes, let searched):
            "启动了 \(processes) 个进程，但没有找到 libpallet-mpi.so（找过：\(searched.joined(separator: "、"))）："
                + "请在本机运行 scripts/build-mpi-shim.sh，或用 PALLET_MPI_SHIM 指明"
        case .unusableLibrary(let path, let reason):
            "\(path) 不能使用（\(reason)）：请用启动程序所属 MPI 的 mpicc 重新运行 scripts/build-mpi-shim.sh"
        case .worldSize(let launcher, let variable, let mpi, let library):
            "启动程序开了 \(launcher) 个进程（\(variable)），MPI 却只看到 \(mpi) 个：libpallet-mpi.so 属于另一种 MPI（\(library)）。"
                + "请用启动程序所属 MPI 的 mpicc 重新构建；在 Slurm 下请选用相符的 srun --mpi=…"
        case .failed(let operation, let rank, let reason): "进程 \(rank) 通信失败（\(operation)）：\(reason)"
        case .disagreement(let about, let values):
            "各进程的 \(about) 不一致："
                + values.enumerated().map { "进程 \($0.offset) 为 \($0.element)" }.joined(separator: "，")
                + "。请用相同的程序、文件和选项启动"
        case .parts(let reason): "各进程的梯度无法相加：\(reason)"
        }
    }
}
