import ArgumentParser

struct Density: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains and uses density models of points, tables and images.",
    discussion: """
      A density model maps data to Gaussian noise through invertible layers: a continuous flow (FFJORD), or couplings and \
      autoregressive layers.

        ffjord-vae density train --data pinwheel --output Checkpoints/pinwheel
        ffjord-vae density plot Checkpoints/pinwheel --output pinwheel.png
        ffjord-vae density evaluate Checkpoints/pinwheel
      """,
    subcommands: [DensityTrain.self, DensityEvaluate.self, DensitySample.self, DensityPlot.self])
}
