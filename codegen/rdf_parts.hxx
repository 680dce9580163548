// What emitted PyROOT analyses may contain, word for word: those blocks that an analysis uses are copied into it, with
// what they use. A block ends at an empty line; `Object` is written by the emitter, since its members differ.

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "Math/Vector4D.h"
#include "ROOT/RVec.hxx"
#include "RtypesCore.h"

using ROOT::VecOps::RVec;

struct Object;

using Objects = RVec<Object>;

// Two objects, and their places in the lists that they come from.
struct Pair {
    Object first, second;
    std::size_t first_place = 0, second_place = 0;
};

using Pairs = RVec<Pair>;

using Momentum = ROOT::Math::PxPyPzEVector;

// Return the values of branches that hold one object each as a list.
template <typename... Values>
RVec<double> side_by_side(const Values &...values) {
    return {static_cast<double>(values)...};
}

// Return a threshold in the precision of the branch it is compared with.
template <typename Value>
auto threshold_of(const Value &, double threshold) {
    if constexpr (std::is_floating_point_v<Value>) {
        return static_cast<Value>(threshold);
    } else {
        return threshold;
    }
}

// Return masks as the bits of a number.
template <typename... Masks>
ULong64_t packed(const Masks &...masks) {
    ULong64_t bits = 0;
    int place = 0;
    ((bits |= static_cast<ULong64_t>(masks) << place++), ...);
    return bits;
}

// Return objects in the order of falling pT.
Objects by_pt(Objects objects) {
    std::stable_sort(objects.begin(), objects.end(), [](const Object &a, const Object &b) { return a.pt > b.pt; });
    return objects;
}

// Return several collections as one, in the order of falling pT.
template <typename... Others>
Objects merged(Objects objects, const Others &...others) {
    (objects.insert(objects.end(), others.begin(), others.end()), ...);
    return by_pt(objects);
}

// Return those of a list that meet a requirement.
template <typename List, typename Requirement>
List filtered(const List &list, Requirement requirement) {
    List kept;
    std::copy_if(list.begin(), list.end(), std::back_inserter(kept), requirement);
    return kept;
}

// Say whether all of a list meet a requirement; those of an empty one do.
template <typename List, typename Requirement>
bool every(const List &list, Requirement requirement) {
    return std::all_of(list.begin(), list.end(), requirement);
}

// Say whether at least one of a list meets a requirement.
template <typename List, typename Requirement>
bool some(const List &list, Requirement requirement) {
    return std::any_of(list.begin(), list.end(), requirement);
}

// Return how many of a list meet a requirement.
template <typename List, typename Requirement>
int number_of(const List &list, Requirement requirement) {
    return std::count_if(list.begin(), list.end(), requirement);
}

// Return the sum of a value that each of a list has.
template <typename List, typename Value>
double sum_of(const List &list, Value value) {
    double sum = 0.0;
    for (const auto &one : list) {
        sum += value(one);
    }
    return sum;
}

// Return a value that each of a list has, as a list.
template <typename List, typename Value>
RVec<double> each_of(const List &list, Value value) {
    RVec<double> values;
    for (const auto &one : list) {
        values.push_back(value(one));
    }
    return values;
}

// Return the largest value that one of a list has.
template <typename List, typename Value>
double largest(const List &list, Value value) {
    const auto values = each_of(list, value);
    return *std::max_element(values.begin(), values.end());
}

// Return the smallest value that one of a list has.
template <typename List, typename Value>
double smallest(const List &list, Value value) {
    const auto values = each_of(list, value);
    return *std::min_element(values.begin(), values.end());
}

// Return the objects of highest pT.
Objects leading(const Objects &objects, std::size_t number) {
    return Objects(objects.begin(), objects.begin() + number);
}

// Return the objects of one kind, by the PDG's number of it.
Objects of_kind(const Objects &objects, int pdg_id) {
    return filtered(objects, [pdg_id](const Object &object) { return object.pdg_id == pdg_id; });
}

// Return the objects that are not in a pair.
Objects outside(const Objects &objects, const Pair &pair) {
    Objects others;
    for (std::size_t place = 0; place < objects.size(); ++place) {
        if (place != pair.first_place && place != pair.second_place) {
            others.push_back(objects[place]);
        }
    }
    return others;
}

// Return all pairs of objects, `first` being of higher pT.
Pairs pairs(const Objects &objects) {
    Pairs found;
    for (std::size_t first = 0; first < objects.size(); ++first) {
        for (std::size_t second = first + 1; second < objects.size(); ++second) {
            found.push_back({objects[first], objects[second], first, second});
        }
    }
    return found;
}

// Return all pairs of one object and one of the others.
Pairs meetings(const Objects &objects, const Objects &others) {
    Pairs found;
    for (std::size_t first = 0; first < objects.size(); ++first) {
        for (std::size_t second = 0; second < others.size(); ++second) {
            found.push_back({objects[first], others[second], first, second});
        }
    }
    return found;
}

// Return all groups of so many objects.
RVec<Objects> groups(const Objects &objects, std::size_t size) {
    RVec<Objects> found;
    if (objects.size() < size) {
        return found;
    }
    std::vector<std::size_t> places(size);
    for (std::size_t i = 0; i < size; ++i) {
        places[i] = i;
    }
    while (true) {
        Objects group;
        for (const auto place : places) {
            group.push_back(objects[place]);
        }
        found.push_back(group);
        std::size_t last = size;
        while (last > 0 && places[last - 1] == objects.size() - size + last - 1) {
            --last;
        }
        if (last == 0) {
            return found;
        }
        ++places[last - 1];
        for (std::size_t i = last; i < size; ++i) {
            places[i] = places[i - 1] + 1;
        }
    }
}

// Return the candidate with the smallest number (the first of equal ones), or none.
template <typename Candidate, typename Preference>
std::optional<Candidate> chosen(const RVec<Candidate> &candidates, Preference preference) {
    std::optional<Candidate> best;
    double smallest_number = 0.0;
    for (const auto &candidate : candidates) {
        const double number = preference(candidate);
        if (!best || number < smallest_number) {
            best = candidate;
            smallest_number = number;
        }
    }
    return best;
}

// Return the first candidate, or none.
template <typename Candidate>
std::optional<Candidate> first_of(const RVec<Candidate> &candidates) {
    return candidates.empty() ? std::nullopt : std::optional<Candidate>(candidates.front());
}

// Say whether two pairs share no object.
bool disjoint(const Pair &one, const Pair &other) {
    return one.first_place != other.first_place && one.first_place != other.second_place &&
           one.second_place != other.first_place && one.second_place != other.second_place;
}

// Return those of the first pairs that leave one of the second pairs over.
Pairs leaving_another(const Pairs &firsts, const Pairs &seconds) {
    return filtered(firsts, [&](const Pair &first) {
        return some(seconds, [&](const Pair &second) { return disjoint(first, second); });
    });
}

// Return the objects that make up two pairs, in the order of falling pT.
Objects members(const Objects &objects, const Pair &one, const Pair &other) {
    Objects taken;
    for (std::size_t place = 0; place < objects.size(); ++place) {
        if (place == one.first_place || place == one.second_place || place == other.first_place ||
            place == other.second_place) {
            taken.push_back(objects[place]);
        }
    }
    return taken;
}

// Say whether both are electrons, or both are muons.
bool same_flavour(const Pair &pair) { return pair.first.pdg_id == pair.second.pdg_id; }

// Say whether one is positive and the other negative.
bool opposite_charge(const Pair &pair) { return pair.first.charge * pair.second.charge < 0; }

// Say whether both are positive, or both are negative.
bool same_charge(const Pair &pair) { return pair.first.charge * pair.second.charge > 0; }

// Say whether a list holds these numbers of electrons and muons.
bool flavours_are(const Objects &leptons, int electrons, int muons) {
    return number_of(leptons, [](const Object &lepton) { return lepton.pdg_id == 11; }) == electrons &&
           number_of(leptons, [](const Object &lepton) { return lepton.pdg_id == 13; }) == muons;
}

// Return the square of the magnitude of a momentum.
double squared_momentum(double pt, double eta) {
    const double inverse = std::exp(-eta);
    const double magnitude = pt * (0.5 * (1 + inverse * inverse) / inverse);
    return magnitude * magnitude;
}

// Return the energy of an object of which the mass is known.
double energy_of(double pt, double eta, double mass) {
    return std::sqrt(std::max(std::copysign(mass * mass, mass) + squared_momentum(pt, eta), 0.0));
}

// Return the mass of an object; it is negative where rounding makes its square negative.
double mass_of(const Object &object) {
    const double squared = object.energy * object.energy - squared_momentum(object.pt, object.eta);
    return std::copysign(std::sqrt(std::abs(squared)), squared);
}

// Return the rapidity of an object.
double rapidity_of(const Object &object) {
    const double z = object.pt * std::sinh(object.eta);
    return 0.5 * std::log((object.energy + z) / (object.energy - z));
}

// Return the momentum of an object.
Momentum momentum_of(const Object &object) {
    return {object.pt * std::cos(object.phi), object.pt * std::sin(object.phi), object.pt * std::sinh(object.eta),
            object.energy};
}

// Return the momentum of a pair.
Momentum sum_momentum(const Pair &pair) { return momentum_of(pair.first) + momentum_of(pair.second); }

// Return the momentum of all objects of a list.
Momentum sum_momentum(const Objects &objects) {
    Momentum sum;
    for (const auto &object : objects) {
        sum += momentum_of(object);
    }
    return sum;
}

// Return an invariant mass; it is negative where rounding makes its square negative.
double invariant_mass(const Momentum &momentum) {
    const double squared = momentum.E() * momentum.E() - momentum.P2();
    return std::copysign(std::sqrt(std::abs(squared)), squared);
}

// Return a difference of azimuths between −π and π.
double signed_delta_phi(const Object &one, const Object &other) {
    const double turn = std::fmod(one.phi - other.phi + M_PI, 2 * M_PI);
    return (turn < 0 ? turn + 2 * M_PI : turn) - M_PI;
}

// Return the distance of two objects in azimuth.
double delta_phi(const Object &one, const Object &other) { return std::abs(signed_delta_phi(one, other)); }

// Return the distance of two objects in pseudorapidity.
double delta_eta(const Object &one, const Object &other) { return std::abs(one.eta - other.eta); }

// Return √(Δη² + Δφ²).
double delta_r(const Object &one, const Object &other) {
    const double phi = signed_delta_phi(one, other), eta = one.eta - other.eta;
    return std::sqrt(phi * phi + eta * eta);
}

// Return √(2 pT1 pT2 (1 − cos Δφ)).
double transverse_mass(const Object &one, const Object &other) {
    return std::sqrt(2 * one.pt * other.pt * (1 - std::cos(signed_delta_phi(one, other))));
}

// Return the magnitude of the sum of two transverse momenta.
double transverse_sum(const Object &one, const Object &other) {
    const double x = one.pt * std::cos(one.phi) + other.pt * std::cos(other.phi);
    const double y = one.pt * std::sin(one.phi) + other.pt * std::sin(other.phi);
    return std::sqrt(x * x + y * y);
}

// Return a threshold that is linear between (x, threshold) points and constant outside; NaN where x is.
double threshold_at(double x, const std::vector<std::pair<double, double>> &points) {
    if (std::isnan(x)) {
        return x;
    }
    if (x < points.front().first) {
        return points.front().second;
    }
    std::size_t next = 1;
    while (next < points.size() && points[next].first <= x) {
        ++next;
    }
    const auto [x0, y0] = points[next - 1];
    if (next == points.size() || x == x0) {
        return y0;
    }
    return (points[next].second - y0) / (points[next].first - x0) * (x - x0) + y0;
}

// Say whether a value is in a range without its ends.
bool inside_open(double x, double low, double high) { return x > low && x < high; }

// Say whether a value is in a range with both ends.
bool inside_closed(double x, double low, double high) { return x >= low && x <= high; }

// Say whether a value is in a range with its lower end.
bool inside_left_closed(double x, double low, double high) { return x >= low && x < high; }

// Say whether a value is in a range with its upper end.
bool inside_right_closed(double x, double low, double high) { return x > low && x <= high; }

// Say whether a value is outside a range without its ends.
bool outside_open(double x, double low, double high) { return x <= low || x >= high; }

// Say whether a value is outside a range with both ends.
bool outside_closed(double x, double low, double high) { return x < low || x > high; }

// Say whether a value is outside a range with its lower end.
bool outside_left_closed(double x, double low, double high) { return x < low || x >= high; }

// Say whether a value is outside a range with its upper end.
bool outside_right_closed(double x, double low, double high) { return x <= low || x > high; }

// Return how many values each list holds.
std::vector<std::size_t> lengths(const std::vector<RVec<double>> &lists) {
    std::vector<std::size_t> found;
    for (const auto &list : lists) {
        found.push_back(list.size());
    }
    return found;
}

// Return the values of all lists, one after the other.
std::vector<double> joined(const std::vector<RVec<double>> &lists) {
    std::vector<double> found;
    for (const auto &list : lists) {
        found.insert(found.end(), list.begin(), list.end());
    }
    return found;
}
