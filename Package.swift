// swift-tools-version: 6.1

import PackageDescription

let package = Package(
  name: "ffjord-vae",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "ffjord-vae", targets: ["ffjord-vae"]),
    .library(name: "Randomness", targets: ["Randomness"]),
    .library(name: "Profiling", targets: ["Profiling"]),
    .library(name: "Tensors", targets: ["Tensors"]),
    .library(name: "Kernels", targets: ["Kernels"]),
    .library(name: "Autodiff", targets: ["Autodiff"]),
    .library(name: "NeuralNetworks", targets: ["NeuralNetworks"]),
    .library(name: "DifferentialEquations", targets: ["DifferentialEquations"]),
    .library(name: "NormalizingFlows", targets: ["NormalizingFlows"]),
    .library(name: "VariationalAutoencoder", targets: ["VariationalAutoencoder"]),
    .library(name: "ImageDatasets", targets: ["ImageDatasets"]),
    .library(name: "Safetensors", targets: ["Safetensors"]),
    .library(name: "TensorBoard", targets: ["TensorBoard"]),
    .library(name: "Markup", targets: ["Markup"]),
    .library(name: "SVGCharts", targets: ["SVGCharts"]),
    .library(name: "Runs", targets: ["Runs"]),
    .library(name: "PyTorchInterchange", targets: ["PyTorchInterchange"]),
    .library(name: "Inference", targets: ["Inference"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Communication", targets: ["Communication"]),
    .library(name: "DensityEstimation", targets: ["DensityEstimation"]),
  ],
  traits: [
    .trait(name: "MPI", description: "Many processes on one or more machines, which an MPI launcher starts.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // System libraries.
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(name: "CMatIO", pkgConfig: "matio", providers: [.apt(["libmatio-dev"]), .brew(["libmatio"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(name: "CGIF", providers: [.apt(["libgif-dev"]), .brew(["giflib"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

    // An implementation of MPI: Open MPI, or the one whose pkg-config name FFJORD_VAE_MPI says, such as mpich.
    .systemLibrary(
      name: "CMPILibrary", pkgConfig: Context.environment["FFJORD_VAE_MPI"] ?? "ompi-c",
      providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    .target(
      name: "CMPI", dependencies: [.target(name: "CMPILibrary", condition: .when(traits: ["MPI"]))],
      cSettings: [.define("FFJORD_VAE_MPI", .when(traits: ["MPI"]))]),

    // The numerical core.
    // OpenMP, only for its number of threads, by which oneDNN goes too. The threads are our own (team.c).
    .target(
      name: "CKernels",
      linkerSettings: [
        .linkedLibrary("gomp", .when(platforms: [.linux])), .linkedLibrary("omp", .when(platforms: [.macOS])),
        .linkedLibrary("m"),
      ]),
    .target(name: "CAMX", dependencies: ["CKernels"]),
    .target(name: "CPrimitives", dependencies: ["COneDNN"], linkerSettings: [.linkedLibrary("dnnl")]),
    .target(name: "Randomness"),
    .target(name: "Profiling"),
    .target(name: "Tensors", dependencies: ["Profiling", "CKernels"]),
    .target(
      name: "Communication", dependencies: ["Tensors", .target(name: "CMPI", condition: .when(traits: ["MPI"]))]),
    .target(name: "Kernels", dependencies: ["Profiling", "Tensors", "CAMX", "CKernels", "CPrimitives"]),
    .target(name: "Autodiff", dependencies: ["Profiling", "Tensors", "Kernels"]),
    .target(name: "NeuralNetworks", dependencies: ["Randomness", "Tensors", "Kernels", "Autodiff"]),
    .target(name: "DifferentialEquations", dependencies: ["Communication", "Tensors", "Autodiff"]),
    .target(
      name: "NormalizingFlows",
      dependencies: [
        "Randomness", "Profiling", "Communication", "Tensors", "Kernels", "Autodiff", "NeuralNetworks",
        "DifferentialEquations",
      ]),
    .target(
      name: "VariationalAutoencoder",
      dependencies: ["Profiling", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows"]),

    // Files and data.
    .target(name: "Files"),
    .target(name: "Safetensors", dependencies: ["Files", "CZstd"]),
    .target(name: "JPEGDecoding", dependencies: ["CJPEG"]),
    .target(
      name: "ImageDatasets",
      dependencies: ["Randomness", "Files", "JPEGDecoding", "CCrypto", "CPNG", "CZip", "CZlib", "CZstd"]),

    .target(
      name: "TensorBoard", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Messages/README.md", "Messages/event.proto", "Messages/hparams.proto"]),

    .target(name: "Markup"),
    .target(name: "SVGCharts", dependencies: ["Markup"]),

    // Training and the command line.
    .target(
      name: "Runs",
      dependencies: [
        "Randomness", "Communication", "Tensors", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows",
        "VariationalAutoencoder", "Files", "Safetensors", "ImageDatasets", "TensorBoard",
      ]),
    .target(
      name: "PyTorchInterchange",
      dependencies: [
        "Tensors", "NeuralNetworks", "VariationalAutoencoder", "Files", "Safetensors", "ImageDatasets", "Runs",
      ]),
    .target(
      name: "Inference",
      dependencies: [
        "Randomness", "Communication", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations",
        "NormalizingFlows",
        "VariationalAutoencoder", "Files", "ImageDatasets", "Runs",
      ]),
    .target(
      name: "Training",
      dependencies: [
        "Randomness", "Profiling", "Communication", "Tensors", "Kernels", "Autodiff", "NeuralNetworks",
        "DifferentialEquations",
        "NormalizingFlows", "VariationalAutoencoder", "Files", "ImageDatasets", "TensorBoard", "Runs", "Inference",
      ]),
    .target(
      name: "DensityEstimation",
      dependencies: [
        "Randomness", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows", "Files",
        "Safetensors", "ImageDatasets", "Runs", "CGIF",
      ]),
    .executableTarget(
      name: "ffjord-vae",
      dependencies: [
        "DensityEstimation",
        "Randomness", "Communication", "Tensors", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows",
        "VariationalAutoencoder", "Files", "Safetensors", "ImageDatasets", "Markup", "SVGCharts", "Runs",
        "PyTorchInterchange", "Inference", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Tests.
    .target(name: "FileTestSupport", dependencies: ["CZip", "CZlib"], path: "Tests/FileTestSupport"),
    .target(
      name: "TestSupport", dependencies: ["Randomness", "Tensors", "Kernels", "Autodiff"], path: "Tests/TestSupport"),
    .target(
      name: "ReaderFuzzing",
      dependencies: [
        "Files", "Safetensors", "ImageDatasets", "Runs", "PyTorchInterchange", "DensityEstimation", "FileTestSupport",
        "CZlib",
      ], path: "Tests/ReaderFuzzing"),
    .testTarget(name: "ReaderFuzzingTests", dependencies: ["ReaderFuzzing", "FileTestSupport"]),
    .testTarget(name: "FilesTests", dependencies: ["Files"]),
    .target(name: "CAMXEmulated", dependencies: ["CAMX", "CKernels"], path: "Tests/CAMXEmulated"),
    .testTarget(name: "CAMXTests", dependencies: ["FileTestSupport", "CAMX", "CAMXEmulated", "CKernels"]),
    .testTarget(
      name: "CommunicationTests",
      dependencies: [
        "Communication", "Randomness", "Tensors", "Autodiff", "DifferentialEquations", "NormalizingFlows",
        "NeuralNetworks", "FileTestSupport",
      ]),
    .testTarget(name: "RandomnessTests", dependencies: ["Randomness"]),
    .testTarget(name: "TensorsTests", dependencies: ["Randomness", "Tensors", "TestSupport"]),
    .testTarget(name: "KernelsTests", dependencies: ["Randomness", "Tensors", "Kernels", "TestSupport", "CKernels"]),
    .testTarget(
      name: "AutodiffTests", dependencies: ["Randomness", "Tensors", "Autodiff", "TestSupport", "FileTestSupport"]),
    .testTarget(
      name: "DifferentialEquationsTests",
      dependencies: ["Randomness", "Tensors", "Kernels", "Autodiff", "DifferentialEquations", "TestSupport"]),
    .testTarget(
      name: "NeuralNetworksTests",
      dependencies: ["Randomness", "Tensors", "Kernels", "Autodiff", "NeuralNetworks", "TestSupport"]),
    .testTarget(
      name: "VariationalAutoencoderTests",
      dependencies: [
        "Randomness", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows",
        "VariationalAutoencoder", "Safetensors", "TestSupport", "FileTestSupport",
      ]),
    .testTarget(
      name: "NormalizingFlowsTests",
      dependencies: [
        "Randomness", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows",
        "VariationalAutoencoder", "TestSupport",
      ]),
    .testTarget(
      name: "DensityEstimationTests",
      dependencies: [
        "Randomness", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows", "Files",
        "Safetensors", "ImageDatasets", "Runs", "DensityEstimation", "TestSupport", "FileTestSupport", "CGIF",
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Randomness", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows",
        "VariationalAutoencoder", "Files", "Safetensors", "ImageDatasets", "Runs", "PyTorchInterchange", "Inference",
        "Training", "TestSupport", "FileTestSupport",
      ]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "ffjord-vae", "DensityEstimation", "Randomness", "Tensors", "NeuralNetworks", "VariationalAutoencoder",
        "Safetensors",
        "ImageDatasets", "Runs", "Inference", "FileTestSupport",
        "Communication", "Training",
      ]),
    .testTarget(
      name: "DocumentationTests",
      dependencies: [
        "Randomness", "Tensors", "Autodiff", "NeuralNetworks", "DifferentialEquations", "NormalizingFlows", "Files",
        "Safetensors", "ImageDatasets", "TensorBoard", "Inference", "FileTestSupport",
      ]),
    .testTarget(name: "SafetensorsTests", dependencies: ["Files", "Safetensors", "FileTestSupport", "CZstd"]),
    .testTarget(name: "TensorBoardTests", dependencies: ["TensorBoard", "FileTestSupport"]),
    .testTarget(name: "MarkupTests", dependencies: ["Markup", "FileTestSupport"]),
    .testTarget(name: "SVGChartsTests", dependencies: ["Markup", "SVGCharts", "FileTestSupport"]),
    .testTarget(
      name: "ImageDatasetsTests",
      dependencies: ["Randomness", "Tensors", "Files", "ImageDatasets", "FileTestSupport", "CJPEG", "CMatIO", "CZip"]),
  ],
  swiftLanguageModes: [.v6]
)

// The fuzzer has its main function from libFuzzer, which only a build with that sanitizer has: see .ci/fuzz.
if Context.environment["FFJORD_VAE_FUZZER"] != nil {
  package.targets.append(
    .executableTarget(name: "fuzz-readers", dependencies: ["ReaderFuzzing"], path: "Tests/FuzzReaders"))
}
