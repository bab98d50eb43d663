# Rebuilds every golden file: Rscript tests/r/run_all.R (from the root; MPSURVEY_R_LIB as in the README).
source("tests/r/golden.R")
scripts <- setdiff(list.files("tests/r", pattern = "[.]R$"), c("golden.R", "run_all.R", "export_data.R", "export_replicates.R"))
for (script in scripts) {
  cat(script, "\n")
  status <- system2(file.path(R.home("bin"), "Rscript"), file.path("tests/r", script))
  if (status != 0) stop(script, " failed")
}
version_of <- function(package) {
  found <- suppressWarnings(tryCatch(as.character(packageVersion(package)), error = function(e) "absent"))
  paste(package, found)
}
writeLines(c(
  paste("R", getRversion()),
  vapply(c("survey", "convey", "ReGenesees", "mitools", "laeken", "Matrix"), version_of, "")
), file.path(golden_dir, "VERSIONS.txt"))
