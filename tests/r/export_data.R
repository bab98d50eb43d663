# Exports the inputs that both R and Python read. Run once; the files are committed.
# Missing values are empty fields; numbers keep the fewest digits that read back exactly.
source("tests/r/golden.R")
library(laeken)

data(api); data(nhanes); data(mu284); data(fpc); data(scd); data(hospital); data(eusilc)

api_columns <- c(
  "cds", "stype", "snum", "dnum", "cnum", "api00", "api99", "target", "growth",
  "sch.wide", "comp.imp", "both", "awards", "meals", "ell", "yr.rnd", "mobility",
  "acs.k3", "acs.46", "acs.core", "pct.resp", "avg.ed", "full", "emer", "enroll", "api.stu", "pw"
)
write_data(apisrs[c(api_columns, "fpc")], "apisrs")
apistrat$fraction <- 1 / apistrat$pw
write_data(apistrat[c(api_columns, "fpc", "fraction")], "apistrat")
write_data(apiclus1[c(api_columns, "fpc")], "apiclus1")
write_data(apiclus2[c(api_columns, "fpc1", "fpc2")], "apiclus2")
write_data(nhanes, "nhanes")
write_data(mu284, "mu284")
write_data(fpc, "fpc")
write_data(scd, "scd")
write_data(hospital, "hospital")
write_data(
  eusilc[c("db030", "rb030", "db040", "hsize", "age", "rb090", "pb220a", "pl030",
           "py010n", "hy080n", "eqSS", "eqIncome", "rb050")],
  "eusilc"
)

# A population's margins for calibration: counts of schools and the total of api99.
write_data(as.data.frame(xtabs(~stype, apipop), responseName = "schools"), "apipop_stype")
write_data(as.data.frame(xtabs(~sch.wide, apipop), responseName = "schools"), "apipop_schwide")
write_data(
  data.frame(schools = nrow(apipop), api99 = sum(apipop$api99), api00 = sum(apipop$api00)),
  "apipop_totals"
)

# Hand-made designs. The values are whole numbers made by arithmetic, not by a random generator.
made <- function(n, a, b, m) (a * seq_len(n)^2 + b * seq_len(n)) %% m

# Three strata; stratum "lone" has one PSU. `census` is the same with the lone PSU taken with certainty.
lonely <- data.frame(
  h = rep(c("a", "b", "c", "lone"), c(8, 9, 6, 3)),
  psu = c(1, 1, 1, 2, 2, 3, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 4, 1, 1, 1, 2, 2, 2, 1, 1, 1)
)
n <- nrow(lonely)
lonely$w <- c(12, 10, 14, 11.5)[match(lonely$h, c("a", "b", "c", "lone"))] + made(n, 3, 5, 7) / 4
lonely$y <- 40 + made(n, 7, 11, 61)
lonely$x <- 90 + made(n, 5, 3, 47)
lonely$works <- as.integer(made(n, 3, 1, 5) < 3)
lonely$N <- c(30, 40, 21, 9)[match(lonely$h, c("a", "b", "c", "lone"))]
lonely$N_census <- ifelse(lonely$h == "lone", 1, lonely$N)
# Domain "rare" is met in one PSU of a and of b (lonely in the domain only), in all of c, and in lone.
lonely$g <- with(lonely, ifelse(
  (h == "a" & psu == 2) | (h == "b" & psu == 3) | (h == "c" & made(n, 1, 2, 3) > 0) |
    (h == "lone" & seq_len(n) %% 2 == 0), "rare", "common"
))
# Domain "apart" has no row in stratum b or in lone.
lonely$k <- ifelse(lonely$h %in% c("a", "c") & made(n, 2, 1, 4) < 2, "apart", "rest")
write_data(lonely, "lonely")

# Two stages, no replacement; PSUs 3 and 7 have one second-stage unit of several.
two <- data.frame(
  h = rep(c("north", "south"), c(12, 11)),
  psu = c(1, 1, 1, 2, 2, 2, 2, 3, 4, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 8, 8, 8, 8),
  ssu = c(1:3, 1:4, 1, 1:4, 1:3, 1:3, 1, 1:4)
)
n <- nrow(two)
two$N1 <- ifelse(two$h == "north", 12, 16)
two$N2 <- c(6, 8, 5, 9, 7, 6, 4, 10)[two$psu]
two$y <- 20 + made(n, 5, 7, 43)
two$x <- 50 + made(n, 3, 4, 31)
two$works <- as.integer(made(n, 1, 3, 5) < 3)
write_data(two, "lonely_second_stage")

# Three stages with a population size at each, in two strata.
three <- expand.grid(person = 1:3, house = 1:3, village = 1:4, h = c("east", "west"))
n <- nrow(three)
three$N1 <- ifelse(three$h == "east", 20, 15)
three$N2 <- 8 + (three$village * 3 + (three$h == "west")) %% 5
three$N3 <- 4 + (three$village + three$house) %% 3
three$w <- three$N1 / 4 * three$N2 / 3 * three$N3 / 3
three$y <- 30 + made(n, 11, 3, 59) + 4 * three$village
three$x <- 100 + made(n, 2, 7, 37)
three$sex <- ifelse(made(n, 1, 1, 3) == 0, "male", "female")
three <- three[!(three$village == 2 & three$person == 3), ]
three <- three[c("h", "village", "house", "person", "N1", "N2", "N3", "w", "y", "x", "sex")]
write_data(three, "three_stage")

# Item nonresponse empties PSU 3 of stratum one and the whole of stratum three.
emptied <- data.frame(
  h = rep(c("one", "two", "three"), c(15, 12, 6)),
  psu = c(rep(1:5, each = 3), rep(1:4, each = 3), rep(1:2, each = 3))
)
n <- nrow(emptied)
emptied$w <- 3 + made(n, 2, 3, 9) / 2
emptied$y <- 15 + made(n, 7, 2, 53)
emptied$x <- 60 + made(n, 4, 9, 41)
emptied$answer <- c("no", "yes", "unsure")[1 + made(n, 2, 5, 3)]
emptied$sex <- ifelse(seq_len(n) %% 2 == 0, "male", "female")
gone <- with(emptied, (h == "one" & psu == 3) | h == "three" | seq_len(n) %in% c(2, 17, 20))
emptied$y[gone] <- NA
emptied$answer[gone] <- NA
emptied$x[c(5, 30)] <- NA
emptied$N <- c(one = 25, two = 18, three = 10)[emptied$h]
write_data(emptied, "emptied_psu")

# Zero weights: single rows, a whole PSU, and a whole stratum.
zero <- data.frame(h = rep(1:4, each = 9), psu = rep(1:3, each = 3, times = 4))
n <- nrow(zero)
zero$w <- 2 + made(n, 3, 4, 11) / 2
zero$w[c(2, 14)] <- 0
zero$w[zero$h == 2 & zero$psu == 3] <- 0
zero$w[zero$h == 4] <- 0
zero$y <- 10 + made(n, 5, 3, 37)
zero$x <- 30 + made(n, 2, 9, 29)
zero$sex <- ifelse(made(n, 1, 2, 3) == 0, "male", "female")
write_data(zero, "zero_weights")

# Five imputations of enroll where it is missing (and of meals, made missing for every seventh school), by
# arithmetic around api00: they only have to differ between imputations as real ones do.
clus2 <- read_data("apiclus2")
imputed <- clus2[c("snum", "dnum", "stype", "sch.wide", "api00", "fpc1", "fpc2", "pw")]
n <- nrow(clus2)
gone <- is.na(clus2$enroll)
lost <- seq_len(n) %% 7 == 0
for (m in 1:5) {
  enroll <- clus2$enroll
  enroll[gone] <- 300 + (made(n, 17, 5 * m, 400) + 20 * m)[gone]
  meals <- clus2$meals
  meals[lost] <- pmin(100, pmax(0, round(110 - clus2$api00 / 10 + made(n, 3, m, 31) - 15)))[lost]
  imputed[[paste0("enroll_", m)]] <- enroll
  imputed[[paste0("meals_", m)]] <- meals
}
write_data(imputed, "imputed")

# Two rounds of a survey in the same strata. In a and b all PSUs of the first round are kept, in c two of four
# are replaced, in d all are new; the second round interviews other people.
rounds <- expand.grid(person = 1:4, psu = 1:4, h = c("a", "b", "c", "d"), round = 1:2)
rounds$psu <- with(rounds, ifelse(round == 2 & ((h == "c" & psu > 2) | h == "d"), psu + 10, psu))
n <- nrow(rounds)
rounds$w <- 20 + made(n, 3, 5, 17) + 3 * rounds$round
rounds$income <- 100 + 8 * rounds$psu %% 10 + made(n, 7, 3, 53) + 6 * rounds$round
rounds$hours <- 20 + made(n, 5, 2, 29) + rounds$psu %% 10
rounds$migrant <- ifelse(made(n, 1, 4, 5) < 2, "yes", "no")
rounds$employed <- as.integer(made(n, 2, 3, 7) < 4 + (rounds$round == 2))
rounds$N <- c(a = 40, b = 32, c = 25, d = 18)[as.character(rounds$h)]
# the same PSUs with strata redrawn before the second round: two PSUs of b are then counted in a
rounds$psu_id <- paste0(rounds$h, rounds$psu)
rounds$h_redrawn <- ifelse(rounds$round == 2 & rounds$psu_id %in% c("b1", "b2"), "a", as.character(rounds$h))
write_data(rounds[c("round", "h", "h_redrawn", "psu", "psu_id", "N", "w", "income", "hours", "migrant", "employed")], "rounds")
