// pre-commit keeps the plugin in a folder of its own, which only `require` finds.
module.exports = {
  bracketSpacing: false,
  plugins: [require.resolve("@prettier/plugin-xml")],
  printWidth: 100,
  trailingComma: "es5",
  xmlWhitespaceSensitivity: "preserve",
};
