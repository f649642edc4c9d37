import Runs

extension DensityModel {
  /// Adds a configuration's model to a builder.
  init(_ configuration: DensityConfiguration, in builder: inout DensityBuilder) throws(RunError) {
    guard let dimensions = configuration.dimensions else {
      throw .invalidConfiguration("the number of the data's dimensions is not known")
    }
    self.dimensions = dimensions
    preparation = configuration.imagePreparation
    var maker = try LayerMaker(configuration)
    layers = LayerChain(maker.layers(dimensions, configuration.image, in: &builder))
    base = maker.base(dimensions, in: &builder)
  }
}
