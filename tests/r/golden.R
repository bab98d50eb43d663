# What every script here shares: reading the vendored inputs, collecting rows, writing goldens.
# Run from the root of the repository. MPSURVEY_R_LIB may name a library with survey >= 4.5;
# GOLDEN_DIR may name another folder to write to (the regeneration test does so).
local({
  library_folder <- Sys.getenv("MPSURVEY_R_LIB")
  if (nzchar(library_folder)) .libPaths(c(library_folder, .libPaths()))
})
suppressPackageStartupMessages(library(survey))
stopifnot(packageVersion("survey") >= "4.5")
options(warn = 1, survey.lonely.psu = "fail", survey.adjust.domain.lonely = FALSE)

golden_dir <- Sys.getenv("GOLDEN_DIR", "tests/r")
data_dir <- Sys.getenv("GOLDEN_DATA_DIR", "tests/data")

# The fewest significant digits, up to 17, that read back as the same number.
exact <- function(x) {
  out <- rep("", length(x))
  known <- which(!is.na(x) & is.finite(x))
  for (digits in 15:17) {
    todo <- known[out[known] == "" | as.numeric(out[known]) != x[known]]
    out[todo] <- formatC(x[todo], digits = digits, format = "g", width = 1)
  }
  out[is.infinite(x)] <- ifelse(x[is.infinite(x)] > 0, "inf", "-inf")
  out
}

# Quotes only where a comma, a quote or a line break asks for it.
as_field <- function(x) {
  x <- ifelse(is.na(x), "", as.character(x))
  needs <- grepl("[,\"\n]", x)
  x[needs] <- paste0("\"", gsub("\"", "\"\"", x[needs]), "\"")
  x
}

write_table <- function(table, path) {
  cells <- lapply(table, function(column) {
    if (is.numeric(column)) exact(as.numeric(column)) else as_field(column)
  })
  lines <- c(paste(as_field(names(table)), collapse = ","), do.call(paste, c(unname(cells), sep = ",")))
  writeLines(lines, path, useBytes = TRUE)
}

write_data <- function(table, name) write_table(table, file.path(data_dir, paste0(name, ".csv")))

# Strings become factors, as both sides must agree on the order of categories (alphabetical).
read_data <- function(name) {
  read.csv(file.path(data_dir, paste0(name, ".csv")), na.strings = "", stringsAsFactors = TRUE,
           check.names = FALSE)
}

golden_columns <- c("case", "statistic", "variable", "category", "domain", "estimate", "se",
                    "ci_low", "ci_high", "df", "deff", "deff_replace", "n", "population")

new_rows <- function(case, statistic, variable, category = "", domain = "", estimate, se = NA,
                     ci_low = NA, ci_high = NA, df = NA, deff = NA, deff_replace = NA, n = NA,
                     population = NA) {
  data.frame(
    case = case, statistic = statistic, variable = variable, category = category, domain = domain,
    estimate = as.numeric(estimate), se = as.numeric(se), ci_low = as.numeric(ci_low),
    ci_high = as.numeric(ci_high), df = as.numeric(df), deff = as.numeric(deff),
    deff_replace = as.numeric(deff_replace), n = as.numeric(n), population = as.numeric(population),
    stringsAsFactors = FALSE
  )
}

write_golden <- function(rows, name, extra = character()) {
  rows <- do.call(rbind, rows)
  write_table(rows[c(golden_columns, extra)], file.path(golden_dir, paste0(name, ".csv")))
}

# A covariance matrix with the rows' names in the first column.
write_matrix <- function(v, labels, name) {
  v <- as.data.frame(unclass(v))
  names(v) <- labels
  write_table(cbind(row = labels, v), file.path(golden_dir, paste0(name, ".csv")))
}

# "stype=E;sch.wide=Yes" for each crossing of `by` that occurs, with its rows.
domains_of <- function(design, by) {
  frame <- model.frame(design)
  if (length(by) == 0) return(list(list(label = "", rows = rep(TRUE, nrow(frame)))))
  keys <- do.call(paste, c(Map(function(name) paste0(name, "=", frame[[name]]), by), sep = ";"))
  known <- complete.cases(frame[by])
  lapply(sort(unique(keys[known])), function(key) list(label = key, rows = known & keys == key))
}

answered <- function(design, variables) complete.cases(model.frame(design)[variables])

# Totals, means and ratios of the answered in each domain; the interval is t with the domain's df.
estimates <- function(case, design, statistic, variable, by = character(), denominator = NULL,
                      deff = TRUE, level = 0.95, keep = NULL) {
  frame <- model.frame(design)
  ok <- answered(design, c(variable, denominator))
  if (!is.null(keep)) ok <- ok & keep
  rows <- list()
  for (domain in domains_of(design, by)) {
    inside <- domain$rows & ok
    if (!any(inside)) next
    part <- design[inside, ]
    df <- degf(part)
    measure <- function(kind) {
      if (statistic == "ratio") {
        svyratio(make.formula(variable), make.formula(denominator), part, deff = kind)
      } else {
        fun <- if (statistic == "total") svytotal else svymean
        fun(make.formula(variable), part, deff = kind)
      }
    }
    plain <- measure(FALSE)
    shown <- as.numeric(coef(plain))
    ci <- suppressWarnings(confint(plain, level = level, df = df))  # no interval where df is 0
    deffs <- if (deff) as_deff(measure(TRUE)) else NA
    deffs_replace <- if (deff) as_deff(measure("replace")) else NA
    categories <- if (is.factor(frame[[variable]])) levels(frame[[variable]]) else ""
    name <- if (is.null(denominator)) variable else paste0(variable, "/", denominator)
    kind <- if (is.factor(frame[[variable]]) && statistic == "mean") "proportion" else statistic
    rows <- c(rows, list(new_rows(
      case, kind, name, categories, domain$label, shown, as.numeric(unlist(SE(plain))), ci[, 1],
      ci[, 2], df, deffs, deffs_replace, sum(weights(part, "sampling") != 0),
      sum(weights(part, "sampling"))
    )))
  }
  rows
}

as_deff <- function(stat) {
  value <- deff(stat)
  if (is.matrix(value)) {
    # of several categories only the diagonal compares a variance with its own SRS variance
    if (nrow(value) == ncol(value)) diag(value) else as.numeric(value)
  } else {
    as.numeric(value)
  }
}
