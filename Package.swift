// swift-tools-version: 6.1

import PackageDescription

let package = Package(
  name: "ffjord-vae",
  products: [
    .executable(name: "ffjord-vae", targets: ["ffjord-vae"]),
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
    .library(name: "Charts", targets: ["Charts"]),
    .library(name: "Training", targets: ["Training"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    // System libraries.
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(name: "CMatIO", pkgConfig: "matio", providers: [.apt(["libmatio-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    // The numerical core.
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("gomp"), .linkedLibrary("m")]),
    .target(name: "CAMX", dependencies: ["CKernels"]),
    .target(name: "CPrimitives", dependencies: ["COneDNN"], linkerSettings: [.linkedLibrary("dnnl")]),
    .target(name: "Tensors", dependencies: ["CKernels"]),
    .target(name: "Kernels", dependencies: ["Tensors", "CKernels", "CPrimitives", "CAMX"]),
    .target(name: "Autodiff", dependencies: ["Kernels", "Tensors"]),
    .target(name: "NeuralNetworks", dependencies: ["Autodiff", "Kernels", "Tensors"]),
    .target(name: "DifferentialEquations", dependencies: ["Autodiff", "Tensors"]),
    .target(
      name: "NormalizingFlows",
      dependencies: ["NeuralNetworks", "DifferentialEquations", "Autodiff", "Kernels", "Tensors"]),
    .target(name: "VariationalAutoencoder", dependencies: ["NormalizingFlows"]),

    // Files and data.
    .target(name: "Files"),
    .target(name: "Safetensors", dependencies: ["Files", "CZstd"]),
    .target(name: "JPEGDecoding", dependencies: ["CJPEG"]),
    .target(
      name: "ImageDatasets",
      dependencies: [
        "Files", "Safetensors", "Tensors", "CPNG", "JPEGDecoding", "CCrypto", "CZlib", "CZip", "CZstd",
      ]),

    .target(
      name: "TensorBoard", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Messages/README.md", "Messages/event.proto", "Messages/hparams.proto"]),

    .target(name: "Charts"),

    // Training and the command line.
    .target(
      name: "Training",
      dependencies: [
        "VariationalAutoencoder", "Files", "ImageDatasets", "Safetensors", "TensorBoard",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "ffjord-vae",
      dependencies: [
        "Training", "Charts", "Files", "Safetensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Tests.
    .target(name: "TestSupport", dependencies: ["Autodiff", "Kernels", "Tensors"], path: "Tests/TestSupport"),
    .target(
      name: "ReaderFuzzing",
      dependencies: ["Training", "ImageDatasets", "Safetensors", "Files", "CZlib"],
      path: "Tests/ReaderFuzzing"),
    .testTarget(name: "ReaderFuzzingTests", dependencies: ["ReaderFuzzing"]),
    .testTarget(name: "FilesTests", dependencies: ["Files"]),
    .target(name: "CAMXEmulated", dependencies: ["CAMX", "CKernels"], path: "Tests/CAMXEmulated"),
    .testTarget(name: "CAMXTests", dependencies: ["CAMX", "CAMXEmulated", "CKernels"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"]),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels", "Tensors", "CKernels", "TestSupport"]),
    .testTarget(name: "AutodiffTests", dependencies: ["Autodiff", "TestSupport"]),
    .testTarget(
      name: "DifferentialEquationsTests", dependencies: ["DifferentialEquations", "Autodiff", "TestSupport"]),
    .testTarget(name: "NeuralNetworksTests", dependencies: ["NeuralNetworks", "Kernels", "TestSupport"]),
    .testTarget(
      name: "VariationalAutoencoderTests",
      dependencies: ["VariationalAutoencoder", "Safetensors", "TestSupport"]),
    .testTarget(
      name: "NormalizingFlowsTests",
      dependencies: ["NormalizingFlows", "NeuralNetworks", "VariationalAutoencoder", "TestSupport"]),
    .testTarget(name: "TrainingTests", dependencies: ["Training", "Files", "TestSupport"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "ffjord-vae", "Training", "VariationalAutoencoder", "Safetensors", "ImageDatasets", "Tensors",
      ]),
    .testTarget(name: "SafetensorsTests", dependencies: ["Safetensors", "Files"]),
    .testTarget(name: "TensorBoardTests", dependencies: ["TensorBoard"]),
    .testTarget(name: "ChartsTests", dependencies: ["Charts"]),
    .testTarget(
      name: "ImageDatasetsTests",
      dependencies: ["ImageDatasets", "Tensors", "CMatIO", "CJPEG", "CZlib", "CZip"]),
  ],
  swiftLanguageModes: [.v6]
)

// The fuzzer has its main function from libFuzzer, which only a build with that sanitizer has: see .ci/fuzz.
if Context.environment["FFJORD_VAE_FUZZER"] != nil {
  package.targets.append(
    .executableTarget(name: "fuzz-readers", dependencies: ["ReaderFuzzing"], path: "Tests/FuzzReaders"))
}
